package hook_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// example is the block of a language in README.md.
func example(t *testing.T, language string) []byte {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatch(readme, -1)
	if len(blocks) != 1 {
		t.Fatalf("got %d blocks of %s, want one", len(blocks), language)
	}
	return blocks[0][1]
}

// property reads a part of the example's template, without the tags of CloudFormation.
func property(t *testing.T, path string, into any) {
	t.Helper()
	at, err := yaml.PathString(path)
	var found ast.Node
	if err == nil {
		found, err = at.ReadNode(bytes.NewReader(example(t, "yaml")))
	}
	var raw []byte
	if err == nil {
		raw, err = yaml.YAMLToJSON([]byte(found.String()))
	}
	if err := errors.Join(err, json.Unmarshal(raw, into)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// roles is the table of the example, and its hook, which runs as Lambda runs it.
type roles struct {
	*testing.T

	client *dynamodb.Client
	table  string
	asked  func() []string // the requests of the hook to DynamoDB since the last call
	ask    hook.Ask
}

func newRoles(t *testing.T) *roles {
	t.Helper()
	endpoint := dynamotest.Start(t)
	r := &roles{T: t, client: dynamotest.Client(endpoint), table: "roles-" + rand.Text()}
	var table dynamodb.CreateTableInput
	property(t, "$.Resources.Roles.Properties", &table)
	table.TableName = &r.table
	if _, err := r.client.CreateTable(t.Context(), &table); err != nil {
		t.Fatal(err)
	}
	// In .cache the next run finds it up to date. The path is inside this module, whose versions it takes.
	dir, err := filepath.Abs("../../.cache/claims-hook")
	source := filepath.Join(dir, "claims.go")
	err = errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(source, example(t, "go"), 0o600))
	if err = errors.Join(err, runtimeapi.Build(t.Context(), dir, source)); err != nil {
		t.Fatal(err)
	}
	counted, asked := counting(t, endpoint)
	process, err := runtimeapi.Start(t.Context(), runtimeapi.Function{
		Name: "claims", Binary: filepath.Join(dir, "claims"), Env: []string{"ROLES_TABLE=" + r.table, "AWS_ENDPOINT_URL_DYNAMODB=" + counted},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Close() })
	r.asked, r.ask = asked, asking(t, func(w http.ResponseWriter, request *http.Request) {
		event, _ := io.ReadAll(request.Body)
		answer, err := process.Invoke(request.Context(), event, patience)
		if err != nil {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		_, _ = w.Write(answer.Payload)
	})
	return r
}

// counting is a proxy that notes the operations that pass.
func counting(t *testing.T, endpoint string) (address string, asked func() []string) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var operations []string
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		operations = append(operations, r.Header.Get("X-Amz-Target"))
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		all := operations
		operations = nil
		return all
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// put writes the item of a user.
func (r *roles) put(tenant, user string, more map[string]types.AttributeValue) {
	r.Helper()
	item := map[string]types.AttributeValue{"userId": text(user), "tenantId": text(tenant)}
	for name, value := range more {
		item[name] = value
	}
	if _, err := r.client.PutItem(r.Context(), &dynamodb.PutItemInput{TableName: &r.table, Item: item}); err != nil {
		r.Fatal(err)
	}
}

func set(roles ...string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"roles": &types.AttributeValueMemberSS{Value: roles}}
}

func TestTheHookOfTheReadmeReadsRolesFromItsTable(t *testing.T) {
	r := newRoles(t)
	r.put("demo", "jane", set("admin", "editor"))
	r.put("other", "jane", set("owner"))
	r.put("demo", "locked", map[string]types.AttributeValue{"suspended": &types.AttributeValueMemberBOOL{Value: true}})
	r.put("demo", "open", map[string]types.AttributeValue{"suspended": &types.AttributeValueMemberBOOL{Value: false}})
	r.put("demo", "broken", map[string]types.AttributeValue{"roles": text("admin")})
	for _, c := range []struct{ tenant, user, want string }{
		{"demo", "jane", `{"roles":["admin","editor"]}`},
		{"other", "jane", `{"roles":["owner"]}`},
		{"other", "locked", `{"roles":[]}`},
		{"demo", "unknown", `{"roles":[]}`},
		{"demo", "open", `{"roles":[]}`},
		{"demo", "locked", "deny suspended"},
		{"demo", "broken", "failure"},
	} {
		asked := call(t)
		asked.Key.Tenant, asked.Key.User = c.tenant, c.user
		answer, err := r.ask(t.Context(), asked)
		got := string(answer.Claims)
		switch {
		case err != nil:
			got = "failure"
		case answer.Deny:
			got = "deny " + answer.Reason
		}
		if got != c.want {
			t.Errorf("%s of %s: got %s, %v, want %s", c.user, c.tenant, got, err, c.want)
		}
		if operations := r.asked(); !slices.Equal(operations, []string{"DynamoDB_20120810.GetItem"}) {
			t.Errorf("%s of %s: got the requests %q, want one GetItem", c.user, c.tenant, operations)
		}
	}
}

// Who is demoted has the new roles in the next access token, and who is suspended gets none.
func TestADemotionReachesTheNextAccessToken(t *testing.T) {
	r := newRoles(t)
	s := service.New(t, io.Discard)
	s.Parts.Hook = session.Hook{Ask: r.ask, Refuse: true, Within: patience}
	s.Handlers = s.Parts.All()
	refresh := func(token string) (status int, roles, next string) {
		a := s.Call(t, api.Refresh, service.Request{Method: "POST", Route: "/jwt/refresh", Body: `{"refreshToken":"` + token + `"}`})
		var body struct {
			Data struct{ AccessToken, RefreshToken string }
		}
		if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
			t.Fatal(err)
		}
		return a.StatusCode, claim(t, body.Data.AccessToken, "roles"), body.Data.RefreshToken
	}
	token := s.RefreshText(fixture.SessionOne, 0)
	for _, step := range []struct {
		item   map[string]types.AttributeValue
		status int
		roles  string
	}{
		{set("admin"), 200, `["admin"]`},
		{set("guest"), 200, `["guest"]`},
		{nil, 200, `[]`},
		{map[string]types.AttributeValue{"suspended": &types.AttributeValueMemberBOOL{Value: true}}, 400, ""},
		{set("admin"), 400, ""}, // the session is over
	} {
		r.put(fixture.Demo, fixture.Alice, step.item)
		status, roles, next := refresh(token)
		if status != step.status || roles != step.roles {
			t.Errorf("%v: got %d, %s, want %d, %s", step.item, status, roles, step.status, step.roles)
		}
		if next != "" {
			token = next
		}
	}
}

// claim is the JSON of a claim of an access token; "" without one.
func claim(t *testing.T, access, name string) string {
	t.Helper()
	if access == "" {
		return ""
	}
	var payload map[string]json.RawMessage
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1])
	if err := errors.Join(err, json.Unmarshal(raw, &payload)); err != nil {
		t.Fatal(err)
	}
	return string(payload[name])
}

// The role of the example reads items of its own table, and nothing else.
func TestTheRoleOfTheReadmesHookReadsItsTableAlone(t *testing.T) {
	var policies []struct{ Statement []map[string]string }
	property(t, "$.Resources.Claims.Properties.Policies", &policies)
	want := map[string]string{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "Roles.Arn"}
	if len(policies) != 1 || len(policies[0].Statement) != 1 || !maps.Equal(policies[0].Statement[0], want) {
		t.Errorf("got %v, want %v alone", policies, want)
	}
}
