package floors

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	root   = "../../../.."
	issuer = "https://auth.example.com"
	tenant = "demo"
	table  = "tokens"
)

// must ends the test on an error of its own making.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// keyring is what the service signs with: ES256, the default.
type keyring struct{ signing, public, tokens []byte }

func newKeyring() keyring {
	signing := keys.Document{Keys: []keys.JWK{must(keys.GenerateSigningKey("ES256", keys.Active))}}
	return keyring{
		signing: must(signing.Marshal()), public: must(signing.Public().Marshal()),
		tokens: must(keys.MarshalDocument(keys.GenerateTokenKey(keys.Active))),
	}
}

func ringOf[Set any](raw []byte, parse func([]byte) (*Set, error)) *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) { return parse(raw) })
}

// function is refresh in this process, over a store and under a clock of the test's.
type function struct {
	session.Verbs

	refreshes lambda.Handler
	late      time.Duration // how far its clock is ahead
}

func newFunction(k keyring, store session.Store) *function {
	f := &function{}
	now := func() time.Time { return time.Now().Add(f.late) }
	verifier := token.Verifier{Issuer: issuer, Keys: ringOf(k.public, keys.ParsePublicSet), Now: now, Leeway: token.Skew}
	f.Verbs = session.NewVerbs(store, session.NewMinter(
		issuer, ringOf(k.tokens, keys.ParseTokenSet), ringOf(k.signing, keys.ParseSigningSet), now, rand.Reader), verifier)
	f.refreshes = lambda.NewHandler(api.Refresh(api.Core{Sessions: f.Verbs, Verifier: verifier, Issuer: issuer, Log: telemetry.Log{Logger: slog.New(slog.DiscardHandler)}}))
	return f
}

// deploy wires refresh and authorizer as their main functions do, with AWS at a URL and the log going nowhere.
func deployed(t testing.TB, url string) (refreshes, authorizes lambda.Handler, f *deploy.Function) {
	t.Helper()
	for _, variable := range environment(url) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	stdout := os.Stdout
	nowhere := must(os.OpenFile(os.DevNull, os.O_WRONLY, 0))
	t.Cleanup(func() { _ = nowhere.Close() })
	os.Stdout = nowhere // the logger keeps what stands here now
	f = deploy.New()
	os.Stdout = stdout
	store := f.Store()
	core := f.Core()
	core.Verifier = f.Verifier()
	core.Sessions = session.NewVerbs(store, f.Minter(), core.Verifier)
	a := &authorizer.Authorizer{Store: store, Verifier: core.Verifier, Now: time.Now}
	core.Authorizer = a
	return lambda.NewHandler(api.Refresh(core)), lambda.NewHandler(a.Handler(f.Log)), f
}

func (f *function) issue(t testing.TB, application string) session.Grant {
	t.Helper()
	return must(f.Issue(t.Context(), session.IssueRequest{
		Tenant: tenant, User: "alice", Application: application, Scope: "profile email",
	}))
}

// register puts an application with the default settings, but for a change.
func register(t testing.TB, store session.Store, application string, change func(*session.Settings)) {
	t.Helper()
	app := session.Application{Tenant: tenant, ID: application, Settings: session.DefaultSettings()}
	if change != nil {
		change(&app.Settings)
	}
	must(store.PutApplication(t.Context(), app))
}

// scene is one refresh and one authorisation, and what AWS has to say to them.
type scene struct {
	keyring

	refresh   []byte // the event that rotates the session
	authorize []byte // the event that presents the access token from it
	rotated   session.Session
	answers   []canned
}

// newScene plays a refresh over the embedded store, so that DynamoDB's part in it is known.
func newScene(t testing.TB) scene {
	t.Helper()
	store := must(embedded.Open(filepath.Join(t.TempDir(), "store.db"), embedded.Options{}))
	defer store.Close()
	register(t, store, "web", nil)
	c := scene{keyring: newKeyring()}
	f := newFunction(c.keyring, store)
	issued := f.issue(t, "web")
	rotated := must(f.Refresh(t.Context(), session.RefreshRequest{Token: issued.Refresh.Reveal()}))
	c.rotated = rotated.Session
	c.refresh = refreshEvent(issued.Refresh.Reveal())
	c.authorize = authorizerEvent(rotated.Access.Reveal())
	settings := must(json.Marshal(string(must(json.Marshal(session.DefaultSettings())))))
	web := fmt.Sprintf(`{"PK":{"S":"TENANT#demo"},"SK":{"S":"APP#web"},"name":{"S":""},"epoch":{"N":"0"},"settings":{"S":%s}}`, settings)
	item := itemOf(t, rotated.Session)
	c.answers = []canned{
		answering("DynamoDB_20120810.UpdateItem", 200, `{"Attributes":`+item+`}`),
		answering("DynamoDB_20120810.BatchGetItem", 200, `{"Responses":{"`+table+`":[`+item+`,`+web+`]}}`),
		answering("DynamoDB_20120810.GetItem", 200, `{"Item":`+web+`}`),
		secret("arn:signing", c.signing), secret("arn:public", c.public), secret("arn:tokens", c.tokens),
	}
	return c
}

func secret(arn string, value []byte) canned {
	body := must(json.Marshal(map[string]string{"ARN": arn, "Name": arn, "VersionId": "1", "SecretString": string(value)}))
	return answering(`"`+arn+`"`, 200, string(body))
}

// itemOf is a session as DynamoDB keeps it.
func itemOf(t testing.TB, s session.Session) string {
	t.Helper()
	var put struct{ Item json.RawMessage }
	store, transport := onNothing(t)
	transport.Always("PutItem", func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
		if err := json.NewDecoder(request.Body).Decode(&put); err != nil {
			return nil, err
		}
		return dynamotest.Reply(http.StatusOK, `{}`)(request, send)
	})
	if err := store.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return string(put.Item)
}

// onNothing is the store of production over a transport that has no network behind it.
func onNothing(t testing.TB) (*dynamo.Store, *dynamotest.Transport) {
	t.Helper()
	transport := dynamotest.NewTransport(nil)
	return storeAt("http://127.0.0.1:1", func(o *dynamodb.Options) { o.HTTPClient = transport }), transport
}

func storeAt(endpoint string, options ...func(*dynamodb.Options)) *dynamo.Store {
	return dynamo.New(must(dynamo.NewClient(dynamo.Config{Endpoint: endpoint}, options...)), table)
}

// refreshEvent is the recorded event of API Gateway with another token in its body.
func refreshEvent(text string) []byte {
	var event map[string]any
	if err := json.Unmarshal(must(os.ReadFile(root+"/events/refresh.json")), &event); err != nil {
		panic(err)
	}
	event["body"] = `{"refreshToken":"` + text + `"}`
	return must(json.Marshal(event))
}

func authorizerEvent(text string) []byte {
	var event struct {
		Headers struct{ Authorization string }
	}
	raw := must(os.ReadFile(root + "/events/authorizer-access-token.json"))
	if err := json.Unmarshal(raw, &event); err != nil {
		panic(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		panic(err)
	}
	return []byte(strings.ReplaceAll(compact.String(), event.Headers.Authorization, "Bearer "+text))
}

// status is what a function answered to an event.
func status(f lambda.Handler, event []byte) (int, string) {
	out, err := f.Invoke(context.Background(), event)
	if err != nil {
		return 0, err.Error()
	}
	var answer struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, answer.Body
}

// together calls do n times at once and waits.
func together(n int, do func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	all.Wait()
}
