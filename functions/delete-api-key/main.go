// Command delete-api-key is deleting an API key, invoked with IAM.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func main() {
	f := deploy.New(deploy.TableName)
	lambda.Start(f.Operator().DeleteAPIKey)
}
