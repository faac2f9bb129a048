// Command put-application is registering an application, invoked with IAM.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(f.Operator().PutApplication)
}
