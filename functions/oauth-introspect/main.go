// Command oauth-introspect is POST /oauth2/introspect.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.PublicKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Verifier = f.TokenKeys(), f.Verifier()
	lambda.Start(api.OauthIntrospect(f.Core(sessions)))
}
