// Command delete-by-string is POST /jwt/revoke.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.TokenKeys)
	sessions := f.Sessions(f.Store())
	sessions.TokenKeys = f.TokenKeys()
	lambda.Start(api.DeleteByString(f.Core(sessions)))
}
