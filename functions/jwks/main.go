// Command jwks is GET /.well-known/jwks.json.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.PublicKeys)
	lambda.Start(api.Jwks(f.Core(), f.PublicKeys()))
}
