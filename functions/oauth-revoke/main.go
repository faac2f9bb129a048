// Command oauth-revoke is POST /oauth2/revoke.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TableName, config.Issuer, config.TokenKeys, config.PublicKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Verifier = f.TokenKeys(), f.Verifier()
	lambda.Start(api.OauthRevoke(f.Core(sessions)))
}
