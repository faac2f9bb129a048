// Command oauth-token is POST /oauth2/token.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys, deploy.PublicKeys)
	lambda.Start(oauth.Token(f.Shell(), f.Verifier(), session.NewRefresher(f.Store(), f.Minter())))
}
