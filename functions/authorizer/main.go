// Command authorizer is the Lambda REQUEST authorizer of every route that needs a credential.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.PublicKeys)
	a := authorizer.Authorizer{Store: f.Store(), Verifier: f.Verifier(), Now: time.Now}
	lambda.Start(a.Handler(f.Log))
}
