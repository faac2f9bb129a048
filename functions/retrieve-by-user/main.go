// Command retrieve-by-user is GET /jwt/refresh?userId=.
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
	lambda.Start(stencil.RetrieveByUser(f.Shell(), session.NewLister(f.Store(), time.Now)))
}
