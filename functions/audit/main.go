// Command audit publishes what changes in the table's stream as events on a bus.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle"
)

func main() {
	f := deploy.New(deploy.EventBus)
	bus, err := lifecycle.NewClient(os.Getenv)
	deploy.OrExit(err)
	lambda.Start(lifecycle.Publisher{Bus: bus, Name: f.EventBus(), Log: f.Log}.Handle)
}
