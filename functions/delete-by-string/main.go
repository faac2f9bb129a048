// Command delete-by-string is POST /jwt/revoke.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName, deploy.TokenKeys)
	lambda.Start(stencil.DeleteByString(f.Shell(), session.NewTokenDeleter(f.Store(), f.TokenKeys(), time.Now)))
}
