// Command issue is POST /jwt/issue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Signing = f.TokenKeys(), f.SigningKeys()
	lambda.Start(api.Issue(f.Core(sessions)))
}
