package floors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/api/stencil"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/table"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

const tableName = "tokens"

// environment is what the template gives refresh, with AWS at a URL.
func environment(url string, more ...string) []string {
	return append([]string{
		"TABLE_NAME=" + tableName, "ISSUER=" + fixture.Issuer, "AWS_ENDPOINT_URL=" + url,
		"SIGNING_KEYS_SECRET_ARN=arn:signing", "PUBLIC_KEYS_SECRET_ARN=arn:public", "TOKEN_KEYS_SECRET_ARN=arn:tokens",
	}, more...)
}

// deployed wires refresh and authorizer as their main functions do, with AWS at a URL and without a log.
func deployed(t testing.TB, url string) (refreshes, authorizes lambda.Handler, f *deploy.Function) {
	t.Helper()
	for _, variable := range environment(url) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	stdout, nowhere := os.Stdout, fixture.Must(os.OpenFile(os.DevNull, os.O_WRONLY, 0))
	t.Cleanup(func() { _ = nowhere.Close() })
	os.Stdout = nowhere // the logger keeps the present value
	f = deploy.New()
	os.Stdout = stdout
	store := table.Store(f)
	a := &authorizer.Authorizer{Store: store, Verifier: f.Verifier(), Now: time.Now}
	forms := stencil.NewForms(store, table.TokenDeleter(f, store), time.Now)
	refresh := stencil.Refresh(f.Shell(), a, f.Companion(), session.NewRefresher(store, f.Minter()), forms)
	return lambda.NewHandler(refresh), lambda.NewHandler(a.Handler(f.Log)), f
}

// scene is one refresh and one authorisation, and the answers of AWS to them.
type scene struct {
	refresh   []byte // the event that rotates the session
	authorize []byte // the event that presents the access token from it
	rotated   session.Session
	answers   []canned
}

// newScene refreshes over the embedded store, so that DynamoDB's answers are known. The keys are of ES256, the default.
func newScene(t testing.TB) scene {
	t.Helper()
	store, keys := fixture.Store(t, time.Now), fixture.NewKeys("ES256")
	verbs := keys.Verbs(store, time.Now)
	application := fixture.Application(fixture.Demo, fixture.Web, nil)
	fixture.Must(store.PutApplication(t.Context(), application))
	issued := fixture.Must(verbs.Issue(t.Context(), request(fixture.Web)))
	rotated := fixture.Must(verbs.Refresh(t.Context(), session.RefreshRequest{Token: issued.Refresh.Reveal()}))
	settings := marshal(string(marshal(application.Settings)))
	web := fmt.Sprintf(`{"PK":{"S":"TENANT#demo"},"SK":{"S":"APP#web"},"name":{"S":""},"epoch":{"N":"0"},"settings":{"S":%s}}`, settings)
	item := itemOf(t, rotated.Session)
	return scene{
		event("refresh", issued.Refresh.Reveal()), event("authorizer-access-token", rotated.Access.Reveal()), rotated.Session, []canned{
			answering("DynamoDB_20120810.UpdateItem", 200, `{"Attributes":`+item+`}`),
			answering("DynamoDB_20120810.BatchGetItem", 200, `{"Responses":{"`+tableName+`":[`+item+`,`+web+`]}}`),
			answering("DynamoDB_20120810.GetItem", 200, `{"Item":`+web+`}`),
			secret("arn:signing", keys.Signing), secret("arn:public", keys.Public), secret("arn:tokens", keys.Token),
		},
	}
}

// request issues a session of Alice's.
func request(application string) session.IssueRequest {
	return session.IssueRequest{Tenant: fixture.Demo, User: fixture.Alice, Application: application, Scope: "profile email"}
}

func marshal(value any) []byte { return fixture.Must(json.Marshal(value)) }

func secret(arn string, value []byte) canned {
	body := map[string]string{"ARN": arn, "Name": arn, "VersionId": "1", "SecretString": string(value)}
	return answering(`"`+arn+`"`, 200, string(marshal(body)))
}

// itemOf is a session as DynamoDB holds it.
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

// onNothing is the store of production over a transport without a network.
func onNothing(t testing.TB) (*dynamo.Store, *dynamotest.Transport) {
	t.Helper()
	transport := dynamotest.NewTransport(nil)
	return storeAt("http://127.0.0.1:1", func(o *dynamodb.Options) { o.HTTPClient = transport }), transport
}

func storeAt(endpoint string, options ...func(*dynamodb.Options)) *dynamo.Store {
	return dynamo.New(dynamotest.Client(endpoint, options...), tableName)
}

var credential = regexp.MustCompile(`srt_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// event is a recorded event of API Gateway with another credential.
func event(name, token string) []byte {
	var compact bytes.Buffer
	if err := json.Compact(&compact, fixture.Must(os.ReadFile("events/"+name+".json"))); err != nil {
		panic(err)
	}
	return credential.ReplaceAll(compact.Bytes(), []byte(token))
}
