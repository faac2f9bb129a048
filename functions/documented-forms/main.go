// Command documented-forms is POST /jwt/refresh/{tokenId} and DELETE /jwt/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.TokenKeys)
	lambda.Start(stencil.DocumentedForms(f.Shell(), stencil.NewForms(f.Store(), f.TokenKeys(), time.Now)))
}
