package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// recorder is an HTTP client that keeps the latest request and refuses it.
type recorder struct {
	request *http.Request
	body    []byte
}

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	r.request = request
	r.body, _ = io.ReadAll(request.Body)
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(`{"__type":"com.amazon.coral.validate#ValidationException"}`)),
	}, nil
}

// The requests of a refresh differ from the SDK's own in nothing that DynamoDB looks at.
func TestTheWireSendsWhatTheSDKsClientSends(t *testing.T) {
	for _, config := range []dynamo.Config{
		{Region: "eu-north-1", Credentials: dynamo.Credentials{AccessKeyID: "id", SecretAccessKey: "secret", SessionToken: "session"}},
		{Region: "cn-north-1", Credentials: dynamo.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}},
		{Endpoint: "http://127.0.0.1:8000"},
		{Endpoint: "http://127.0.0.1:8000/behind/a/path"},
	} {
		var sent recorder
		client, err := dynamo.NewClient(config, func(o *dynamodb.Options) { o.HTTPClient = &sent })
		if err != nil {
			t.Fatal(err)
		}
		store := dynamo.New(client, "table")
		_, _ = store.Application(t.Context(), "tenant", "app")
		ours := sent
		_, _ = client.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: &store.Table, ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: "TENANT#tenant"}, "SK": &types.AttributeValueMemberS{Value: "APP#app"},
			},
		})
		if ours.request.URL.String() != sent.request.URL.String() || !sameJSON(t, ours.body, sent.body) {
			t.Errorf("%s %s instead of %s %s", ours.request.URL, ours.body, sent.request.URL, sent.body)
		}
		want, got := sent.request.Header, ours.request.Header
		for _, own := range []string{"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "User-Agent"} {
			want.Del(own)
		}
		for _, signed := range []http.Header{want, got} {
			if !strings.HasPrefix(signed.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=") {
				t.Errorf("not signed: %v", signed)
			}
			signed.Del("Authorization")
			signed.Del("X-Amz-Date")
		}
		if !maps.EqualFunc(want, got, func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
			t.Errorf("headers %v instead of %v", got, want)
		}
	}
}

// sameJSON compares what two bodies say: the SDK writes the members of a map in any order.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	return x != nil && reflect.DeepEqual(x, y)
}

// A refresh sends two requests at once, and a process on a laptop serves many refreshes at once: run with -race.
func TestTheWireServesManyAtOnce(t *testing.T) {
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: "http://127.0.0.1:8000"}, func(o *dynamodb.Options) {
		o.HTTPClient = answers(func() *http.Response { return answer(`{}`, "") })
	})
	if err != nil {
		t.Fatal(err)
	}
	store := dynamo.New(client, "table")
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 10 {
				if _, err := store.Application(t.Context(), "tenant", "app"); !errors.Is(err, session.ErrNoApplication) {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// What a damaged answer says is not believed: it is asked for again, as the SDK's client would.
func TestAnAnswerThatIsNotItsChecksumsIsAskedForAgain(t *testing.T) {
	const damaged = `{"Item":{"name":{"S":"n"},"settings":{"S":"{}"},"epoch":{"N":"4"}}}`
	intact := strings.Replace(damaged, "4", "5", 1)
	sum, rest := fmt.Sprint(crc32.ChecksumIEEE([]byte(intact))), []string{damaged, intact}
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: "http://127.0.0.1:8000"}, func(o *dynamodb.Options) {
		o.HTTPClient = answers(func() *http.Response {
			next := rest[0]
			rest = rest[1:]
			return answer(next, sum)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	app, err := dynamo.New(client, "table").Application(t.Context(), "tenant", "app")
	if err != nil || app.Epoch != 5 || len(rest) != 0 {
		t.Errorf("epoch %d, %v, with %d answers left", app.Epoch, err, len(rest))
	}
}

// answers is an HTTP client.
type answers func() *http.Response

func (a answers) Do(*http.Request) (*http.Response, error) { return a(), nil }

func answer(body, sum string) *http.Response {
	a := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	if sum != "" {
		a.Header.Set("X-Amz-Crc32", sum)
	}
	return a
}
