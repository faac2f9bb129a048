// Command delete-by-string is POST /jwt/revoke.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.TokenKeys)
	core := f.Core()
	core.Sessions.TokenDeleter = session.NewTokenDeleter(f.Store(), f.TokenKeys(), time.Now)
	lambda.Start(api.DeleteByString(core))
}
