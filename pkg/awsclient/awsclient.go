// Package awsclient owns how functions reach AWS: what they take from the environment, how long they wait before
// they try again, and how long they keep a connection. Clients are made without aws-sdk-go-v2/config, which would
// link sts and sso and lengthen every cold start. It must never name a service, nor touch the network itself.
package awsclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Config is where a service is and who asks. Lambda sets all of it in the environment, see FromEnv.
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
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, and for another endpoint the first that is set of endpoints and
// AWS_ENDPOINT_URL.
func FromEnv(getenv func(string) string, endpoints ...string) Config {
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
		Endpoint: first(append(endpoints, "AWS_ENDPOINT_URL")...),
		Credentials: Credentials{
			AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    getenv("AWS_SESSION_TOKEN"),
		},
	}
}

// Complete fills what an engine on a loopback address never looks at. The error names every mistake.
func (c Config) Complete() (Config, error) {
	endpoint, err := url.Parse(c.Endpoint)
	var wrong []error
	if c.Endpoint != "" && (err != nil || endpoint.Host == "") {
		wrong = append(wrong, errors.New("the endpoint is no URL: write it as http://127.0.0.1:8000"))
	} else if isLoopback(endpoint.Hostname()) {
		c = c.local()
	}
	if c.Region == "" {
		wrong = append(wrong, errors.New("no region: set AWS_REGION"))
	}
	if c.Credentials.AccessKeyID == "" || c.Credentials.SecretAccessKey == "" {
		wrong = append(wrong, errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	return c, errors.Join(wrong...)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) local() Config {
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Credentials == (Credentials{}) {
		c.Credentials = Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	}
	return c
}

// Provider hands the credentials to the SDK.
func (c Credentials) Provider() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Source: "static",
		}, nil
	})
}

// retryDelays are the waits before the second attempt and those after it. The SDK's own begin with 0 to 2 s,
// while most failures are a connection that the peer has closed during a freeze, or one bad host. A refresh keeps two
// connections, and after a freeze both may be dead: so two attempts begin at once.
var retryDelays = []time.Duration{0, 0, 25 * time.Millisecond, 100 * time.Millisecond}

// Retryer makes retries that no client-side token bucket withholds: a container serves one request at a time,
// so it cannot make a storm, and one that met a few failures should not go without retries for the next ones.
func Retryer() aws.Retryer {
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

// HTTPClient makes a transport that gives up idle connections before AWS and the NATs on the way do, so that a
// thawed container does not write into a dead one, and gives up the steps of an attempt early: a service that has
// not begun to answer after MaxAttempt will not.
func HTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = 4 * time.Second
			t.TLSHandshakeTimeout = time.Second
			t.ResponseHeaderTimeout = MaxAttempt
			t.MaxIdleConnsPerHost = t.MaxIdleConns // all of them go to one host
		})
}
