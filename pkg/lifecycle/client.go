package lifecycle

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/stencil-auth/refresh-tokens/pkg/awsclient"
)

// NewClient makes a client of the SDK from the environment, see awsclient.FromEnv; for another endpoint the first of
// AWS_ENDPOINT_URL_EVENTBRIDGE and AWS_ENDPOINT_URL. It touches no network; the error names every mistake.
func NewClient(getenv func(string) string) (*eventbridge.Client, error) {
	c, err := awsclient.FromEnv(getenv, "AWS_ENDPOINT_URL_EVENTBRIDGE").Complete()
	if err != nil {
		return nil, fmt.Errorf("EventBridge client: %w", err)
	}
	o := eventbridge.Options{
		Region:      c.Region,
		Credentials: c.Credentials.Provider(),
		Retryer:     awsclient.Retryer(),
		HTTPClient:  awsclient.HTTPClient(),
		APIOptions:  awsclient.APIOptions(),
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return eventbridge.New(o), nil
}
