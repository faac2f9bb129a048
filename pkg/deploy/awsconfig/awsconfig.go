// Package awsconfig owns how this service reaches AWS. It makes the one aws.Config, from which each adapter takes its
// client with the SDK's NewFromConfig. It replaces aws-sdk-go-v2/config, which links sts and sso and lengthens every cold
// start. It must never name a service or use the network itself.
package awsconfig

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Load reads the variables of Lambda and the AWS tools: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>. Where AWS_ENDPOINT_URL is a loopback address, region
// and credentials have defaults. The error lists every mistake.
func Load(getenv func(string) string) (aws.Config, error) {
	config := aws.Config{
		Region:        cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")),
		Retryer:       newRetryer,
		HTTPClient:    Attempts(newTransport(), maxAttempt),
		ConfigSources: []any{serviceEndpoints(getenv)},
	}
	credentials := aws.Credentials{
		AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	var wrong []error
	if endpoint := getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		config.BaseEndpoint = &endpoint
		parsed, err := url.Parse(endpoint)
		switch {
		case err != nil || parsed.Host == "":
			wrong = append(wrong, errors.New("the endpoint is not a URL: write it as http://127.0.0.1:8000"))
		case isLoopback(parsed.Hostname()): // an emulator, which ignores both
			config.Region = cmp.Or(config.Region, "us-east-1")
			credentials.AccessKeyID = cmp.Or(credentials.AccessKeyID, "local")
			credentials.SecretAccessKey = cmp.Or(credentials.SecretAccessKey, "local")
		}
	}
	if config.Region == "" {
		wrong = append(wrong, errors.New("no region: set AWS_REGION"))
	}
	if credentials.AccessKeyID == "" || credentials.SecretAccessKey == "" {
		wrong = append(wrong, errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
	return config, errors.Join(wrong...)
}

// Local is the configuration for an emulator on a loopback address.
func Local(endpoint string) (aws.Config, error) {
	return Load(func(name string) string {
		if name == "AWS_ENDPOINT_URL" {
			return endpoint
		}
		return ""
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serviceEndpoints gives each client of the SDK the endpoint of its service.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
type serviceEndpoints func(name string) string

// GetServiceBaseEndpoint is the method that NewFromConfig calls on a source of configuration.
func (getenv serviceEndpoints) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	endpoint := getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(sdkID, " ", "_")))
	return endpoint, endpoint != "", nil
}

// retryDelays are the waits before the second attempt and those after it. The SDK's own first wait is 0 to 2 s. Most
// failures are a connection that the peer closed during a freeze, or one bad host. A refresh keeps two connections, and
// both may be dead after a freeze, so two attempts begin at once.
var retryDelays = []time.Duration{0, 0, 25 * time.Millisecond, 100 * time.Millisecond}

// newRetryer retries without a client-side token bucket. A container serves one request at a time, so it cannot cause a
// retry storm. A few failures must not leave the next requests without retries.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 1 + len(retryDelays)
		o.RateLimiter = ratelimit.None
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{
			Codes: map[string]struct{}{"TransactionConflictException": {}}, // a write that conflicts with a transaction
		})
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return retryDelays[min(max(attempt, 1), len(retryDelays))-1], nil
		})
	})
}

// newTransport closes idle connections before AWS and the NATs on the way do. A thawed container then does not write to a
// closed one. It also bounds the dial and the TLS handshake.
func newTransport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = 4 * time.Second
			t.TLSHandshakeTimeout = time.Second
			t.MaxIdleConnsPerHost = t.MaxIdleConns // all of them go to one host
		})
}
