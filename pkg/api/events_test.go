package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

var update = flag.Bool("update", false, "write the event files anew")

const eventsDir = "../../events"

// Every file under events/ is an event of one function, and is replayed here: the operation is its name's first
// part, what must come of it stands in the row. Rows are how the files are written, with -update.
type eventRow struct {
	file  string
	event any
	want  string // "<status>", "<status> <text in the body>", "allow", "deny", "Unauthorized", "ok" or "error <text>"
}

func TestEveryEventFile(t *testing.T) {
	known := map[string]bool{}
	for _, row := range eventRows(newWorld(t, io.Discard)) {
		known[row.file] = true
		t.Run(row.file, func(t *testing.T) {
			path := filepath.Join(eventsDir, row.file)
			if *update {
				writeEvent(t, path, row.event)
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (go test ./pkg/api -update writes it)", err)
			}
			w := newWorld(t, io.Discard)
			if got := w.replay(operationOf(t, w, row.file), raw); !satisfies(got, row.want) {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
	files, err := filepath.Glob(eventsDir + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		elsewhere := strings.HasPrefix(name, "rotate-") || strings.HasPrefix(name, "audit") // pkg/keys/rotation, pkg/lifecycle
		if !elsewhere && !known[filepath.Base(file)] {
			t.Errorf("%s is replayed by no test: add a row, or remove it", file)
		}
	}
}

// satisfies says whether got is the wanted verdict and holds what the row wants to see.
func satisfies(got, want string) bool {
	verdict, text, _ := strings.Cut(want, " ")
	return strings.HasPrefix(got, verdict+" ") && strings.Contains(got, text)
}

// operationOf finds the operation whose name starts the file's: the longest one.
func operationOf(t *testing.T, w *world, file string) string {
	t.Helper()
	operations := []string{"authorizer", "put-application", "create-api-key", "delete-api-key"}
	for op := range w.handlers {
		operations = append(operations, string(op))
	}
	best := ""
	name := strings.TrimSuffix(file, ".json")
	for _, op := range operations {
		if (name == op || strings.HasPrefix(name, op+"-")) && len(op) > len(best) {
			best = op
		}
	}
	if best == "" {
		t.Fatalf("%s starts with no operation's name", file)
	}
	return best
}

func (w *world) replay(op string, raw []byte) string {
	ctx := w.t.Context()
	outcome := func(result any, err error) string {
		if err != nil {
			return "error " + err.Error()
		}
		return "ok " + string(must(json.Marshal(result)))
	}
	switch op {
	case "put-application":
		return outcome(w.operator.PutApplication(ctx, raw))
	case "create-api-key":
		return outcome(w.operator.CreateAPIKey(ctx, raw))
	case "delete-api-key":
		return outcome(w.operator.DeleteAPIKey(ctx, raw))
	case "authorizer":
		var e events.APIGatewayCustomAuthorizerRequestTypeRequest
		w.decode(raw, &e)
		answer, err := w.authorizer.Handler(w.parts.Shell.Log)(ctx, e)
		if err != nil {
			return err.Error() + " "
		}
		return strings.ToLower(answer.PolicyDocument.Statement[0].Effect) + " " + string(must(json.Marshal(answer.Context)))
	default:
		var e events.APIGatewayProxyRequest
		w.decode(raw, &e)
		answer, err := w.handlers[api.Operation(op)](ctx, e)
		if err != nil {
			return "error " + err.Error()
		}
		return string(must(json.Marshal(answer.StatusCode))) + " " + answer.Body
	}
}

func (w *world) decode(raw []byte, into any) {
	w.t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		w.t.Fatal(err)
	}
}

func writeEvent(t *testing.T, path string, event any) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(event); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rest builds a REST API event the way API Gateway does. Parameters of the path stand in route as {name}; query
// and header come as alternating names and values.
type rest struct {
	method, route string
	path          []string
	query         []string
	header        []string
	body          string
	caller        map[string]any
}

func (r rest) event() events.APIGatewayProxyRequest {
	e := events.APIGatewayProxyRequest{
		Resource: r.route, Path: r.route, HTTPMethod: r.method, Body: r.body,
		Headers: map[string]string{}, MultiValueHeaders: map[string][]string{},
	}
	for name, value := range pairs(r.path) {
		if e.PathParameters == nil {
			e.PathParameters = map[string]string{}
		}
		e.PathParameters[name] = url.PathEscape(value)
		e.Path = strings.ReplaceAll(e.Path, "{"+name+"}", url.PathEscape(value))
	}
	for name, value := range pairs(r.query) {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters, e.MultiValueQueryStringParameters = map[string]string{}, map[string][]string{}
		}
		e.QueryStringParameters[name] = value
		e.MultiValueQueryStringParameters[name] = append(e.MultiValueQueryStringParameters[name], value)
	}
	for name, value := range pairs(append([]string{"Host", "api.example.com", "X-Forwarded-Proto", "https"}, r.header...)) {
		e.Headers[name] = value
		e.MultiValueHeaders[name] = append(e.MultiValueHeaders[name], value)
	}
	e.RequestContext = events.APIGatewayProxyRequestContext{
		AccountID: "123456789012", APIID: "a1b2c3d4e5", Stage: "dev", HTTPMethod: r.method, ResourcePath: r.route,
		Path: "/dev" + e.Path, Protocol: "HTTP/1.1", RequestID: "11111111-2222-3333-4444-555555555555",
		DomainName: "api.example.com", Authorizer: r.caller,
		Identity: events.APIGatewayRequestIdentity{SourceIP: "192.0.2.1", UserAgent: "curl/8.5.0"},
	}
	return e
}

// authorizerEvent is what API Gateway asks the authorizer about the same request.
func (r rest) authorizerEvent() events.APIGatewayCustomAuthorizerRequestTypeRequest {
	e := r.event()
	return events.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type:      "REQUEST",
		MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/" + r.method + e.Path,
		Resource:  e.Resource, Path: e.Path, HTTPMethod: e.HTTPMethod, Headers: e.Headers,
		MultiValueHeaders: e.MultiValueHeaders, QueryStringParameters: e.QueryStringParameters,
		MultiValueQueryStringParameters: e.MultiValueQueryStringParameters, PathParameters: e.PathParameters,
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Path: e.RequestContext.Path, AccountID: e.RequestContext.AccountID, ResourcePath: e.Resource, Stage: "dev",
			HTTPMethod: e.HTTPMethod, RequestID: e.RequestContext.RequestID, APIID: e.RequestContext.APIID,
			Identity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: "192.0.2.1"},
		},
	}
}

func pairs(list []string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for i := 0; i+1 < len(list); i += 2 {
			if !yield(list[i], list[i+1]) {
				return
			}
		}
	}
}
