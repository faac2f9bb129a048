package dynamotest

import (
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
)

// shared is the engine of a test binary, which takes more than a second to start. Each test has its own tables.
var shared = sync.OnceValues(Acquire)

// Start returns the endpoint of this process's engine. The test skips with -short and on a machine without Java
// or npm, where it fails if REQUIRE_ENGINES=1.
func Start(tb testing.TB) (endpoint string) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("DynamoDB Local takes seconds to start")
	}
	engine, err := shared()
	if errors.Is(err, ErrUnavailable) && os.Getenv("REQUIRE_ENGINES") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return engine.Endpoint
}

// Table returns a client and a new table of template.yaml's definition, or the one in AWS that STORE_TEST_TABLE names
// and other tests may share.
func Table(tb testing.TB, options ...func(*dynamodb.Options)) (client *dynamodb.Client, name string) {
	tb.Helper()
	name = os.Getenv("STORE_TEST_TABLE")
	config, err := awsconfig.Load(os.Getenv)
	if name == "" {
		name = "test-" + rand.Text()
		config, err = awsconfig.Local(Start(tb))
	}
	if err != nil {
		tb.Fatal(err)
	}
	config.HTTPClient = patient()
	root, err := moduleRoot()
	if err != nil {
		tb.Fatal(err)
	}
	template, err := stack.Read(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if err := table.Ensure(tb.Context(), dynamodb.NewFromConfig(config), template, name); err != nil {
		tb.Fatal(err)
	}
	return dynamodb.NewFromConfig(config, options...), name
}

// patience is how long an attempt may take. On a busy machine the engine answers late, and a repeated deletion would
// find nothing.
const patience = 5 * time.Minute

// patient keeps a connection for each of many callers.
func patient() aws.HTTPClient {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns
	return awsconfig.Attempts(&http.Client{Transport: transport}, patience)
}

// Client returns a client like that of production, but for its patience, for an endpoint on a loopback address.
func Client(endpoint string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	config, err := awsconfig.Local(endpoint)
	if err != nil {
		panic(err) // of the test's own endpoint
	}
	config.HTTPClient = patient()
	return dynamodb.NewFromConfig(config, options...)
}
