// Command oauth-token is POST /oauth2/token.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TableName, config.Issuer, config.TokenKeys, config.SigningKeys, config.PublicKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Signing, sessions.Verifier = f.TokenKeys(), f.SigningKeys(), f.Verifier()
	lambda.Start(api.OauthToken(f.Core(sessions)))
}
