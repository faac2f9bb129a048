// Command oauth-token is POST /oauth2/token.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys, deploy.PublicKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Signing, sessions.Verifier = f.TokenKeys(), f.SigningKeys(), f.Verifier()
	lambda.Start(api.OauthToken(f.Core(sessions)))
}
