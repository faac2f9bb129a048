// Command rotate-token-keys rotates the keys of refresh tokens for Secrets Manager, and drops a leaked one for an operator.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TokenKeys)
	lambda.Start(f.RotateTokenKeys().Handle)
}
