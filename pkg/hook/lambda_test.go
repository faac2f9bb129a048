package hook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const arn = "arn:aws:lambda:eu-west-1:123456789012:function:claims:live"

// invoked asks the function through a stand-in for Lambda.
func invoked(t *testing.T, handler http.HandlerFunc) (session.HookAnswer, error) {
	t.Helper()
	return asking(t, handler)(t.Context(), call(t))
}

// asking asks the function through a stand-in for Lambda.
func asking(t *testing.T, handler http.HandlerFunc) hook.Ask {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	config, err := awsconfig.Load(func(name string) string {
		return map[string]string{
			"AWS_REGION": "eu-north-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
			"AWS_SESSION_TOKEN": "session", "AWS_ENDPOINT_URL_LAMBDA": server.URL,
		}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	ask, err := hook.Lambda(config, awsconfig.Single(config), arn)
	if err != nil {
		t.Fatal(err)
	}
	return ask
}

func TestTheFunctionIsInvokedAsTheSDKDoesIt(t *testing.T) {
	var got, want *http.Request
	var body string
	answer, err := invoked(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got, body = r, string(raw)
		_, _ = io.WriteString(w, `{"claims":{"role":"user"}}`)
	})
	if err != nil || string(answer.Claims) != `{"role":"user"}` {
		t.Fatalf("got %s, %v, want the claims", answer.Claims, err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { want = r }))
	defer server.Close()
	config, err := awsconfig.Local(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lambda.NewFromConfig(config).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(arn), Payload: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Method != want.Method || got.RequestURI != want.RequestURI {
		t.Errorf("got %s %s, want %s %s", got.Method, got.RequestURI, want.Method, want.RequestURI)
	}
	authorization := got.Header.Get("Authorization")
	for _, part := range []string{"AWS4-HMAC-SHA256 Credential=AKID/", "/eu-west-1/lambda/aws4_request", "x-amz-security-token"} {
		if !strings.Contains(authorization, part) {
			t.Errorf("got Authorization %s, want %s in it", authorization, part)
		}
	}
	if got.Header.Get("X-Amz-Security-Token") != "session" {
		t.Error("got another session token, want the function's")
	}
}

func TestAFunctionThatFailsIsAFailure(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a panic": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = io.WriteString(w, `{}`)
		},
		"a throttle":            func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"a missing permission":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"a function of nothing": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "null") },
	} {
		calls := 0
		_, err := invoked(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			handler(w, r)
		})
		if err == nil || calls != 1 {
			t.Errorf("%s: got %v after %d calls, want a failure after 1", name, err, calls)
		}
	}
}

func TestTheEndpointIsThatOfTheFunctionsRegion(t *testing.T) {
	for arn, want := range map[string]string{
		arn: "https://lambda.eu-west-1.amazonaws.com",
		"arn:aws-cn:lambda:cn-north-1:123456789012:function:claims":        "https://lambda.cn-north-1.amazonaws.com.cn",
		"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:claims": "https://lambda.us-gov-west-1.amazonaws.com",
	} {
		var got string
		config := aws.Config{Credentials: credentials{}}
		ask, err := hook.Lambda(config, doer(func(r *http.Request) { got = r.URL.Scheme + "://" + r.URL.Host }), arn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t.Context(), call(t)); err == nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", arn, got, err, want)
		}
	}
	for _, bad := range []string{
		"claims", "arn:aws:lambda:eu-west-1:123456789012:function", "arn:aws:sqs:eu-west-1:123456789012:function:claims",
		"arn:aws:lambda::123456789012:function:claims", "arn:unknown:lambda:eu-west-1:123456789012:function:claims",
	} {
		if _, err := hook.Lambda(aws.Config{}, nil, bad); err == nil {
			t.Errorf("%s: got no error, want one", bad)
		}
	}
}

type doer func(*http.Request)

func (d doer) Do(r *http.Request) (*http.Response, error) {
	d(r)
	return nil, io.ErrUnexpectedEOF
}

type credentials struct{}

func (credentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
}
