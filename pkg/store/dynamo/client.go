package dynamo

import (
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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Config is where DynamoDB is and who asks. Lambda sets all of it in the environment, see FromEnv.
type Config struct {
	Region string
	// Endpoint overrides the Region's own. On a loopback address Region and Credentials may be missing.
	Endpoint    string
	Credentials Credentials
}

// Credentials are static, as those of a Lambda environment are: they last as long as it does.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // empty for long-lived ones
}

// String and GoString keep the secrets out of logs and errors.
func (c Credentials) String() string { return "[redacted]" }

// GoString is String.
func (c Credentials) GoString() string { return c.String() }

// FromEnv reads the variables that Lambda and the AWS tools define: AWS_REGION, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, and for another endpoint the first of DYNAMODB_ENDPOINT,
// AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL.
func FromEnv(getenv func(string) string) Config {
	first := func(names ...string) string {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	return Config{
		Region:   first("AWS_REGION", "AWS_DEFAULT_REGION"),
		Endpoint: first("DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"),
		Credentials: Credentials{
			AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    getenv("AWS_SESSION_TOKEN"),
		},
	}
}

// local fills what an engine on a loopback address never looks at.
func (c Config) local() Config {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return c
	}
	host := endpoint.Hostname()
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return c
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Credentials == (Credentials{}) {
		c.Credentials = Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	}
	return c
}

func (c Config) validate() error {
	var missing []error
	if c.Region == "" {
		missing = append(missing, errors.New("no region: set AWS_REGION"))
	}
	if c.Credentials.AccessKeyID == "" || c.Credentials.SecretAccessKey == "" {
		missing = append(missing, errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	if endpoint, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || endpoint.Host == "") {
		missing = append(missing, errors.New("the DynamoDB endpoint is no URL: write it as http://127.0.0.1:8000"))
	}
	return errors.Join(missing...)
}

// NewClient makes a client of the SDK that bears DynamoDB's bad moments within a request of ours: see newRetryer,
// newHTTPClient and attemptTimeout. It touches neither the network nor the environment. The error names every
// mistake in the Config.
func NewClient(c Config, options ...func(*dynamodb.Options)) (*dynamodb.Client, error) {
	c = c.local()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("DynamoDB client: %w", err)
	}
	o := dynamodb.Options{
		Region: c.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: c.Credentials.AccessKeyID, SecretAccessKey: c.Credentials.SecretAccessKey,
				SessionToken: c.Credentials.SessionToken, Source: "static",
			}, nil
		}),
		Retryer:    newRetryer(),
		HTTPClient: newHTTPClient(),
		APIOptions: []func(*middleware.Stack) error{addAttemptTimeout},
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return dynamodb.New(o, options...), nil
}

// retryDelays are the waits before the second attempt and those after it. The SDK's own begin with 0 to 2 s,
// while most failures are a connection that the peer has closed during a freeze, or one bad host.
var retryDelays = []time.Duration{0, 25 * time.Millisecond, 100 * time.Millisecond}

// newRetryer makes retries that no client-side token bucket withholds: a container serves one request at a time,
// so it cannot make a storm, and one that met a few failures should not go without retries for the next ones.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 1 + len(retryDelays)
		o.RateLimiter = ratelimit.None
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(cutShort))
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return retryDelays[min(max(attempt, 1), len(retryDelays))-1], nil
		})
	})
}

// cutShort has an answer that broke off in the middle asked for again, which the SDK would not.
func cutShort(err error) aws.Ternary {
	var unreadable *smithy.DeserializationError
	if errors.As(err, &unreadable) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// newHTTPClient makes a transport that gives up idle connections before DynamoDB and the NATs on the way do, so
// that a thawed container does not write into a dead one, and gives up the steps of an attempt early.
func newHTTPClient() aws.HTTPClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = 4 * time.Second
			t.TLSHandshakeTimeout = time.Second
			t.ResponseHeaderTimeout = maxAttempt
			t.MaxIdleConnsPerHost = t.MaxIdleConns // all of them go to one host
		})
}
