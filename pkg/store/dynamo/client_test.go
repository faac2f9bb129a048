package dynamo_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if value, found := strings.CutPrefix(pair, name+"="); found {
				return value
			}
		}
		return ""
	}
}

func TestTheEnvironmentIsReadAsTheAWSToolsReadIt(t *testing.T) {
	credentials := dynamo.Credentials{AccessKeyID: "id", SecretAccessKey: "secret", SessionToken: "token"}
	for name, c := range map[string]struct {
		env  []string
		want dynamo.Config
	}{
		"Lambda": {
			[]string{"AWS_REGION=eu-north-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=token"},
			dynamo.Config{Region: "eu-north-1", Credentials: credentials},
		},
		"all endpoints": {
			[]string{"AWS_ENDPOINT_URL=http://3", "AWS_ENDPOINT_URL_DYNAMODB=http://2", "DYNAMODB_ENDPOINT=http://1"},
			dynamo.Config{Endpoint: "http://1"},
		},
		"AWS endpoints": {
			[]string{"AWS_ENDPOINT_URL=http://3", "AWS_ENDPOINT_URL_DYNAMODB=http://2"},
			dynamo.Config{Endpoint: "http://2"},
		},
		"one endpoint": {[]string{"AWS_ENDPOINT_URL=http://3"}, dynamo.Config{Endpoint: "http://3"}},
	} {
		if got := dynamo.FromEnv(env(c.env...)); got != c.want {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
}

func TestCredentialsNeverPrint(t *testing.T) {
	config := dynamo.Config{Credentials: dynamo.Credentials{AccessKeyID: "HIDE", SecretAccessKey: "HIDE", SessionToken: "HIDE"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, config); strings.Contains(text, "HIDE") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

func TestAConfigWithMistakesNamesThemAll(t *testing.T) {
	_, err := dynamo.NewClient(dynamo.Config{Endpoint: "not a URL"})
	for _, want := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "endpoint"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestOnlyALoopbackEndpointNeedsNoCredentials(t *testing.T) {
	for endpoint, enough := range map[string]bool{
		"http://127.0.0.1:8000": true, "http://localhost:8000": true, "http://[::1]:8000": true,
		"http://192.0.2.1:8000": false, "https://localhost.example": false, "": false,
	} {
		if _, err := dynamo.NewClient(dynamo.Config{Endpoint: endpoint}); (err == nil) != enough {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// Performance: linking the SDK's config, sts or sso costs milliseconds of every cold start, and nothing that
// serves tests may be deployed.
func TestTheImportGraphHasNoConfigAndNoTestSupport(t *testing.T) {
	list, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(list)) {
		pkg = strings.TrimSpace(pkg)
		for _, unwanted := range []string{
			"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials",
			"github.com/aws/aws-sdk-go-v2/service/sso", "github.com/aws/aws-sdk-go-v2/service/sts",
			"github.com/goccy/go-yaml", "testing",
		} {
			if pkg == unwanted || strings.HasPrefix(pkg, unwanted+"/") {
				t.Errorf("imports %s", pkg)
			}
		}
	}
}

// Performance floor 11: connections that the peer closed while we were frozen cost neither an error nor a wait.
func TestConnectionsClosedWhileIdleAreReplacedAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{}`) // a client that has gone fails the test by itself
	}))
	defer server.Close()
	var attempts *dynamotest.Transport
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: server.URL}, dynamotest.Through(&attempts))
	if err != nil {
		t.Fatal(err)
	}
	const cycles = 50
	for range cycles {
		if err := dynamo.New(client, "table").DeleteAPIKey(t.Context(), "tenant", "id"); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
	}
	if got := attempts.Requests()["DeleteItem"]; got > 2*cycles {
		t.Errorf("%d attempts for %d requests: more than the second one, which begins at once", got, cycles)
	}
}

// Retries are seen: each attempt is told of, under the caller's context, whatever becomes of it.
func TestEveryAttemptIsToldOf(t *testing.T) {
	type caller struct{}
	var transport *dynamotest.Transport
	told := 0
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: "http://127.0.0.1:1"}, dynamotest.Through(&transport),
		dynamo.OnRequest(func(ctx context.Context) { told += ctx.Value(caller{}).(int) }))
	if err != nil {
		t.Fatal(err)
	}
	transport.Next("DeleteItem", dynamotest.Broken(), dynamotest.Closed(), dynamotest.Reply(200, "{}"))
	ctx := context.WithValue(t.Context(), caller{}, 1)
	if err := dynamo.New(client, "table").DeleteAPIKey(ctx, "tenant", "id"); err != nil {
		t.Fatal(err)
	}
	if told != 3 || transport.Requests()["DeleteItem"] != told {
		t.Errorf("told of %d requests, %v were sent", told, transport.Requests())
	}
}

func TestIdleConnectionsAreGivenUpBeforeDynamoDBDoes(t *testing.T) {
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	transport := client.Options().HTTPClient.(*awshttp.BuildableClient).GetTransport()
	if got := transport.IdleConnTimeout; got <= 0 || got > 5*time.Second {
		t.Errorf("idle connections are kept for %v, want a few seconds", got)
	}
	if transport.TLSHandshakeTimeout > 2*time.Second || transport.ResponseHeaderTimeout > 2*time.Second {
		t.Errorf("a step of an attempt may take %v or %v", transport.TLSHandshakeTimeout, transport.ResponseHeaderTimeout)
	}
}
