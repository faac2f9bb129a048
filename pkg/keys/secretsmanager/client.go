package secretsmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// attemptTimeout bounds one attempt: Secrets Manager answers within milliseconds or not at all.
const attemptTimeout = 2 * time.Second

// retryDelays are the waits before the second attempt and those after it. The SDK's own begin with 0 to 2 s, while
// most failures are a connection that the peer has closed during a freeze.
var retryDelays = []time.Duration{0, 25 * time.Millisecond, 100 * time.Millisecond}

// NewClient makes a client of the SDK from the variables that Lambda and the AWS tools define: AWS_REGION,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, and for another endpoint the first of
// AWS_ENDPOINT_URL_SECRETS_MANAGER and AWS_ENDPOINT_URL. It does without aws-sdk-go-v2/config, which would link sts
// and sso. It touches no network; the error names everything that is missing.
func NewClient(getenv func(string) string, options ...func(*secretsmanager.Options)) (*secretsmanager.Client, error) {
	credentials := aws.Credentials{
		AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	o := secretsmanager.Options{
		Region: cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		Retryer:    newRetryer(),
		HTTPClient: newHTTPClient(),
	}
	var wrong []error
	if o.Region == "" {
		wrong = append(wrong, errors.New("no region: set AWS_REGION"))
	}
	if !credentials.HasKeys() {
		wrong = append(wrong, errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	if endpoint := cmp.Or(getenv("AWS_ENDPOINT_URL_SECRETS_MANAGER"), getenv("AWS_ENDPOINT_URL")); endpoint != "" {
		if parsed, err := url.Parse(endpoint); err != nil || parsed.Host == "" {
			wrong = append(wrong, errors.New("the endpoint is no URL: write it as http://127.0.0.1:4566"))
		}
		o.BaseEndpoint = &endpoint
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("secrets manager client: %w", err)
	}
	return secretsmanager.New(o, options...), nil
}

// newRetryer makes retries that no client-side token bucket withholds: a ring asks one at a time and then pauses, so
// it cannot make a storm.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 1 + len(retryDelays)
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return retryDelays[min(max(attempt, 1), len(retryDelays))-1], nil
		})
	})
}

// newHTTPClient makes a transport that gives up idle connections early, so that a thawed container does not write
// into a dead one.
func newHTTPClient() aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = 4 * time.Second
			t.TLSHandshakeTimeout = time.Second
		})
}
