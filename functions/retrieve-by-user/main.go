// Command retrieve-by-user is GET /jwt/refresh?userId=.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(api.RetrieveByUser(f.Core(f.Sessions(f.Store()))))
}
