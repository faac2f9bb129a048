// Command rotate-signing-keys rotates the keys of access tokens for Secrets Manager, and drops a leaked one for an operator.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.SigningKeys, deploy.PublicKeys, deploy.SigningAlg)
	lambda.Start(f.RotateSigningKeys().Handle)
}
