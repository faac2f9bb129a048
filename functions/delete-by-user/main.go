// Command delete-by-user is DELETE /jwt/users/{userId}/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName)
	core := f.Core()
	core.Sessions.UserDeleter = session.NewUserDeleter(f.Store(), time.Now)
	lambda.Start(api.DeleteByUser(core))
}
