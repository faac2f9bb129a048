// Command issue is POST /jwt/issue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys)
	core := f.Core()
	core.Sessions.Issuer = session.NewIssuer(f.Store(), f.Minter())
	lambda.Start(api.Issue(core))
}
