// Command authenticate-refresh is POST /api/v1/authenticate/refresh of KirjaSwappi.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/deployed"
	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func main() {
	f := deployed.New(config.TableName, config.Issuer, config.TokenKeys, config.SigningKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys, sessions.Signing = f.TokenKeys(), f.SigningKeys()
	lambda.Start(api.AuthenticateRefresh(f.Core(sessions)))
}
