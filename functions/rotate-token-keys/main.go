// Command rotate-token-keys rotates the keys of refresh tokens for Secrets Manager, and drops a leaked one for an operator.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TokenKeys)
	lambda.Start(f.RotateTokenKeys().Handle)
}
