// Command delete-by-user is DELETE /jwt/users/{userId}/refresh.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(api.DeleteByUser(f.Core(f.Sessions(f.Store()))))
}
