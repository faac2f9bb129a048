// Command refresh is POST /jwt/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys, deploy.PublicKeys)
	store := f.Store()
	sessions := f.Sessions(store)
	sessions.TokenKeys, sessions.Signing, sessions.Verifier = f.TokenKeys(), f.SigningKeys(), f.Verifier()
	core := f.Core(sessions)
	core.Authorizer = &authorizer.Authorizer{Store: store, Verifier: sessions.Verifier, Now: time.Now}
	lambda.Start(api.Refresh(core))
}
