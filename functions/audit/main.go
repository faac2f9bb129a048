// Command audit publishes what changes in the table's stream as events on a bus.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/audit"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.EventBus)
	bus, err := audit.NewClient(os.Getenv)
	deployed.OrExit(err)
	lambda.Start(audit.Publisher{Bus: bus, Name: f.EventBus(), Log: f.Log}.Handle)
}
