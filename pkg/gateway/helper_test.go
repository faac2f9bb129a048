package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

type (
	request  = events.APIGatewayProxyRequest
	answer   = events.APIGatewayProxyResponse
	question = events.APIGatewayCustomAuthorizerRequestTypeRequest
	decision = events.APIGatewayCustomAuthorizerResponse

	gatewayConfig = gateway.Config
)

// api has a guarded route and open ones; its gateway responses use every kind of variable.
func api() *stack.API {
	route := func(method, path, authorizer string) stack.Route {
		return stack.Route{Method: method, Path: path, Function: "EchoFunction", Operation: "echo", Authorizer: authorizer}
	}
	return &stack.API{
		LogicalID: "Api", Stage: "dev",
		Routes: []stack.Route{
			route("GET", "/guarded/{id}", "authorizer"), route("POST", "/open", ""), route("GET", "/open/{id}", ""),
			route("GET", "/open/fixed", ""), route("GET", "/open/{id}/part/{other}", ""), route("ANY", "/any", ""),
		},
		Responses: map[string]stack.Response{
			"UNAUTHORIZED": {Status: 401, Headers: map[string]string{
				"WWW-Authenticate": "'Bearer'", "X-Context": "context.requestId", "X-Asked": "method.request.header.X-Ask",
			}, Body: `{"m":$context.error.messageString,"t":"$context.error.responseType."}`},
			"ACCESS_DENIED":                {Body: `{"m":"$context.authorizer.why","p":"$context.authorizer.principalId","u":"$context.nope"}`},
			"MISSING_AUTHENTICATION_TOKEN": {Status: 404, Body: `{"m":"$context.error.message"}`},
			"DEFAULT_4XX":                  {Body: `{"default":4}`},
			"DEFAULT_5XX":                  {Body: `{"default":5}`},
			"AUTHORIZER_FAILURE":           {Status: 503},
		},
	}
}

// with makes a gateway whose function answers 200 and whose authorizer allows, unless change replaces them.
func with(t testing.TB, change func(*gateway.Config)) http.Handler {
	t.Helper()
	c := gateway.Config{
		API: api(),
		Functions: map[string]gateway.Function{"echo": func(context.Context, request) (answer, error) {
			return answer{StatusCode: 200, Body: `{}`}, nil
		}},
		Authorizers: map[string]gateway.Authorizer{"authorizer": func(_ context.Context, q question) (decision, error) {
			return decide("Allow", q.MethodArn), nil
		}},
	}
	if change != nil {
		change(&c)
	}
	h, err := gateway.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func function(f gateway.Function) func(*gateway.Config) {
	return func(c *gateway.Config) { c.Functions["echo"] = f }
}

func authorizer(f gateway.Authorizer) func(*gateway.Config) {
	return func(c *gateway.Config) { c.Authorizers["authorizer"] = f }
}

func decide(effect string, resources ...string) decision {
	return decision{PrincipalID: "p", PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
		Version: "2012-10-17",
		Statement: []events.IAMPolicyStatement{
			{Effect: effect, Action: []string{"execute-api:Invoke"}, Resource: resources},
		},
	}}
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	return send(h, httptest.NewRequest(http.MethodGet, target, nil))
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func check(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || strings.TrimSpace(w.Body.String()) != body {
		t.Errorf("answer is %d %s, want %d %s", w.Code, w.Body, status, body)
	}
}
