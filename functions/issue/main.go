// Command issue is POST /jwt/issue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys)
	lambda.Start(stencil.Issue(f.Shell(), session.NewIssuer(f.Store(), f.Minter())))
}
