// Command delete-by-id is DELETE /jwt/refresh/{tokenId}.
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
	lambda.Start(stencil.DeleteByID(f.Shell(), session.NewDeleter(f.Store(), time.Now)))
}
