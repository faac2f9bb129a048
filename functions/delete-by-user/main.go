// Command delete-by-user is DELETE /jwt/users/{userId}/refresh.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(stencil.DeleteByUser(f.Shell(), session.NewUserDeleter(f.Store(), time.Now)))
}
