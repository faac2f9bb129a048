// Command refresh is POST /jwt/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys, deploy.PublicKeys)
	store, core := f.Store(), f.Core()
	core.Verifier = f.Verifier()
	core.Sessions = session.NewVerbs(store, f.Minter(), core.Verifier)
	core.Authorizer = &authorizer.Authorizer{Store: store, Verifier: core.Verifier, Now: time.Now}
	lambda.Start(api.Refresh(core))
}
