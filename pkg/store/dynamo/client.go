package dynamo

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"github.com/stencil-auth/refresh-tokens/pkg/awsclient"
)

// Config is where DynamoDB is and who asks. Lambda sets all of it in the environment, see FromEnv.
type Config = awsclient.Config

// Credentials are static, as those of a Lambda environment are.
type Credentials = awsclient.Credentials

// FromEnv reads the variables that Lambda and the AWS tools define, see awsclient.FromEnv; for another endpoint the
// first of DYNAMODB_ENDPOINT, AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL.
func FromEnv(getenv func(string) string) Config {
	return awsclient.FromEnv(getenv, "DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB")
}

// NewClient makes a client of the SDK that bears DynamoDB's bad moments within a request of ours: see awsclient and
// attemptTimeout. It touches neither the network nor the environment. The error names every mistake in the Config.
func NewClient(c Config, options ...func(*dynamodb.Options)) (*dynamodb.Client, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, fmt.Errorf("DynamoDB client: %w", err)
	}
	o := dynamodb.Options{
		Region:      c.Region,
		Credentials: c.Credentials.Provider(),
		Retryer:     awsclient.Retryer(),
		HTTPClient:  awsclient.HTTPClient(maxAttempt),
		APIOptions:  []func(*middleware.Stack) error{addAttemptTimeout},
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return dynamodb.New(o, options...), nil
}
