// Command oauth-revoke is POST /oauth2/revoke.
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
	lambda.Start(oauth.Revoke(f.Shell(), session.NewRevoker(f.Store(), f.TokenKeys(), f.Verifier(), time.Now)))
}
