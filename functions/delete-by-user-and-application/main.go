// Command delete-by-user-and-application is DELETE /jwt/users/{userId}/applications/{applicationId}/refresh.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(api.DeleteByUserAndApplication(f.Core(f.Sessions(f.Store()))))
}
