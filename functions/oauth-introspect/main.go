// Command oauth-introspect is POST /oauth2/introspect.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/oauth"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.PublicKeys)
	introspector := session.NewIntrospector(f.Store(), f.TokenKeys(), f.Verifier(), time.Now)
	lambda.Start(oauth.Introspect(f.Shell(), introspector))
}
