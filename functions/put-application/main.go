// Command put-application is registering an application, invoked with IAM.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TableName)
	lambda.Start(f.Operator().PutApplication)
}
