// Command user-refresh-token is POST /User/RefreshToken of the 7G registry API.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/seveng"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys, deploy.PublicKeys)
	lambda.Start(seveng.UserRefreshToken(f.Shell(), f.Verifier(), session.NewRefresher(f.Store(), f.Minter())))
}
