// Command retrieve-by-id is GET /jwt/refresh/{tokenId}.
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
	lambda.Start(stencil.RetrieveByID(f.Shell(), session.NewRetriever(f.Store(), time.Now)))
}
