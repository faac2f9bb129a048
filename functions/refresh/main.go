// Command refresh is POST /jwt/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TableName, config.Issuer, config.TokenKeys, config.SigningKeys, config.PublicKeys)
	store := f.Store()
	sessions := f.Sessions(store)
	sessions.TokenKeys, sessions.Signing, sessions.Verifier = f.TokenKeys(), f.SigningKeys(), f.Verifier()
	core := f.Core(sessions)
	core.Authorizer = &authorizer.Authorizer{Store: store, Verifier: sessions.Verifier, Now: time.Now}
	lambda.Start(api.Refresh(core))
}
