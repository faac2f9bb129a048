// Command authenticate-refresh is POST /api/v1/authenticate/refresh of KirjaSwappi.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/kirjaswappi"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys)
	lambda.Start(kirjaswappi.AuthenticateRefresh(f.Shell(), session.NewRefresher(f.Store(), f.Minter())))
}
