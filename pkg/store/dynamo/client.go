package dynamo

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// NewClient makes a client of the SDK that bears DynamoDB's bad moments within a request of ours: see
// awsclient. It touches neither the network nor the environment. The error names every mistake in the Config.
func NewClient(c Config, options ...func(*dynamodb.Options)) (*dynamodb.Client, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, fmt.Errorf("DynamoDB client: %w", err)
	}
	o := dynamodb.Options{
		Region:      c.Region,
		Credentials: c.Credentials.Provider(),
		Retryer:     awsclient.Retryer(),
		HTTPClient:  awsclient.HTTPClient(),
		APIOptions:  awsclient.APIOptions(),
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return dynamodb.New(o, options...), nil
}

// OnRequest is an option of a client: it tells of every request just before it is sent, of each of the SDK's
// attempts by itself. The context is the one that the store's verb was called with, or a child of it; tell may be
// called by several goroutines at once.
func OnRequest(tell func(context.Context)) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) { o.HTTPClient = observed{o.HTTPClient, tell} }
}

type observed struct {
	next dynamodb.HTTPClient
	tell func(context.Context)
}

// Do is the HTTP client's.
func (o observed) Do(request *http.Request) (*http.Response, error) {
	o.tell(request.Context())
	return o.next.Do(request)
}
