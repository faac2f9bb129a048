package telemetry_test

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const namespace, tenant = "RefreshTokens/stack", "demo"

// cloud is what the functions reach: keys in Secrets Manager, and a DynamoDB where each session is current and each
// API key is the one and only.
type cloud struct {
	t        *testing.T
	tokenKey keys.TokenKey
	apiKey   token.APIKey
	broken   atomic.Int32 // writes that DynamoDB will answer with 500
	env      []string
	binaries string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds functions")
	}
	tokens := must(keys.MarshalDocument(keys.GenerateTokenKey(keys.Active)))
	private := must(keys.MarshalDocument(must(keys.GenerateSigningKey("ES256", keys.Active))))
	c := &cloud{
		t: t, tokenKey: must(keys.ParseTokenSet(tokens)).Active, apiKey: must(token.NewAPIKey(rand.Reader)), binaries: t.TempDir(),
	}
	secrets := fakesm.New()
	secretsServer, table := httptest.NewServer(secrets), httptest.NewServer(http.HandlerFunc(c.dynamoDB))
	t.Cleanup(secretsServer.Close)
	t.Cleanup(table.Close)
	c.env = []string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + secretsServer.URL, "AWS_ENDPOINT_URL_DYNAMODB=" + table.URL,
		"TABLE_NAME=tokens", "ISSUER=https://auth.example.com", "METRICS_NAMESPACE=" + namespace,
		"TOKEN_KEYS_SECRET_ARN=" + secrets.Create("tokens", string(tokens)),
		"SIGNING_KEYS_SECRET_ARN=" + secrets.Create("signing", string(private)),
		"PUBLIC_KEYS_SECRET_ARN=" + secrets.Create("public", string(private)),
	}
	if err := runtimeapi.Build(t.Context(), c.binaries,
		runtimeapi.Functions+"refresh", runtimeapi.Functions+"authorizer", runtimeapi.Functions+"delete-api-key"); err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// dynamoDB answers every request as if what it asks for were there.
func (c *cloud) dynamoDB(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	zeros := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	now := time.Now().UnixMilli()
	switch {
	case operation == "UpdateItem" && c.broken.Add(-1) >= 0:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
	case operation == "UpdateItem":
		id := uint32(c.tokenKey.ID)
		key := base64.StdEncoding.EncodeToString([]byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)})
		_, _ = fmt.Fprintf(w, `{"Attributes":{"sh":{"B":%q},"gn":{"N":"1"},"tk":{"B":%q},"aj":{"B":%q},"rb":{"B":%q},"r0":{"N":"%d"},
			"ie":{"N":"%d"},"ae":{"N":"%d"},"ac":{"N":"900000"},"li":{"N":"60000"},"lis":{"N":"60"}}}`,
			zeros(32), key, zeros(16), zeros(16), now, now+60_000, now+60_000)
	case operation == "GetItem" && strings.Contains(string(body), "APIKEY#"):
		hash := c.apiKey.Secret.Hash()
		_, _ = fmt.Fprintf(w, `{"Item":{"tenantId":{"S":%q},"name":{"S":"key"},"secretHash":{"B":%q},"createdAt":{"N":"1"},
			"permissions":{"L":[{"S":"tokens:read"}]}}}`, tenant, base64.StdEncoding.EncodeToString(hash[:]))
	case operation == "GetItem":
		_, _ = io.WriteString(w, `{"Item":{"settings":{"S":"{}"}}}`)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

// refreshToken is that of a new session.
func (c *cloud) refreshToken() string {
	t := token.Refresh{KeyID: c.tokenKey.ID, Tenant: tenant, User: "alice", Application: "web", Session: must(token.NewID(time.Now(), rand.Reader))}
	return must(t.Encode(c.tokenKey)).Reveal()
}

// start starts a function as Lambda does.
func (c *cloud) start(name string) *runtimeapi.Process {
	c.t.Helper()
	p, err := runtimeapi.Start(c.t.Context(), runtimeapi.Function{Name: name, Binary: filepath.Join(c.binaries, name), Env: c.env})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = p.Close() })
	return p
}

// invoke sends an event and returns the one line that it adds to the function's standard output.
func (c *cloud) invoke(p *runtimeapi.Process, event any) map[string]any {
	c.t.Helper()
	before := len(p.Stdout())
	_, _ = p.Invoke(c.t.Context(), must(json.Marshal(event)), 10*time.Second) // a 401 is an error of the authorizer's
	written := bufio.NewScanner(strings.NewReader(p.Stdout()[before:]))
	var line map[string]any
	for written.Scan() {
		if line != nil {
			c.t.Errorf("a second line: %s", written.Text())
		}
		if err := json.Unmarshal(written.Bytes(), &line); err != nil {
			c.t.Fatalf("no JSON: %s", written.Text())
		}
	}
	checkMetrics(c.t, line, namespace, "dynamodbCalls", "ms", "requests")
	if line["requestId"] == nil || line["timestamp"] == nil {
		c.t.Errorf("the line says %v", line)
	}
	return line
}

// One JSON line per request on standard output, as CloudWatch gets it: it says the requests that went to DynamoDB,
// the SDK's retries included, and counts in the stack's own namespace.
func TestEachInvocationWritesOneLineThatIsAMetric(t *testing.T) {
	c := newCloud(t)
	refresh, authorizer := c.start("refresh"), c.start("authorizer")
	genuine := c.refreshToken()
	request := func(text string) events.APIGatewayProxyRequest {
		return events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/jwt/refresh", Resource: "/jwt/refresh", Body: `{"refreshToken":"` + text + `"}`}
	}
	check := func(name string, line map[string]any, op, outcome string, calls float64) {
		t.Helper()
		if line["op"] != op || line["outcome"] != outcome || line["dynamodbCalls"] != calls {
			t.Errorf("%s: the line says %v, want %s %s and %v requests to DynamoDB", name, line, op, outcome, calls)
		}
	}
	check("a refresh", c.invoke(refresh, request(genuine)), "refresh", "rotated", 2)
	forged := strings.Replace(genuine, genuine[40:44], "AAAA", 1)
	check("a forged token", c.invoke(refresh, request(forged)), "refresh", "forged", 0)
	c.broken.Store(1)
	check("a write that DynamoDB failed once", c.invoke(refresh, request(c.refreshToken())), "refresh", "rotated", 3)

	decide := func(credential string) map[string]any {
		headers := map[string][]string{"X-Stencil-TenantId": {tenant}, "Authorization": {"Bearer " + credential}}
		return c.invoke(authorizer, events.APIGatewayCustomAuthorizerRequestTypeRequest{
			MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/jwt/refresh", MultiValueHeaders: headers,
		})
	}
	check("an API key", decide(c.apiKey.Text().Reveal()), "authorizer", "allowed", 1)
	check("no token at all", decide("eyJ"), "authorizer", "forged", 0)

	operator := map[string]string{"tenantId": tenant, "keyId": c.apiKey.ID}
	check("an operator", c.invoke(c.start("delete-api-key"), operator), "delete-api-key", "ok", 1)
	for _, p := range []*runtimeapi.Process{refresh, authorizer} {
		for _, secret := range []string{genuine, forged, c.apiKey.Text().Reveal()} {
			if strings.Contains(p.Stdout()+p.Stderr(), secret[len(secret)-24:]) {
				t.Error("the log holds a credential")
			}
		}
	}
}
