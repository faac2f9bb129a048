package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// notes is a REST API of the owner with three routes. Its function answers with what the authorizer says of the caller.
func (p *account) notes(authorizer gateway.Authorizer) *gateway.Gateway {
	p.t.Helper()
	route := func(method, path string) stack.Route {
		return stack.Route{Method: method, Path: path, Function: "NotesFunction", Operation: "notes", Authorizer: "authorize-resource"}
	}
	api, err := gateway.New(gateway.Config{
		API: &stack.API{LogicalID: "Notes", Stage: "v1", Routes: []stack.Route{
			route("GET", "/notes"), route("POST", "/notes"), route("DELETE", "/notes/{noteId}"),
		}},
		Functions: map[string]gateway.Function{
			"notes": func(_ context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
				caller, err := json.Marshal(r.RequestContext.Authorizer)
				return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(caller)}, err
			},
		},
		Authorizers: map[string]gateway.Authorizer{"authorize-resource": authorizer},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return api
}

// authorizerOf asks a function that runs behind the Runtime API.
func authorizerOf(process *runtimeapi.Process) gateway.Authorizer {
	return func(ctx context.Context, question events.APIGatewayCustomAuthorizerRequestTypeRequest,
	) (answer events.APIGatewayCustomAuthorizerResponse, err error) {
		event, err := json.Marshal(question)
		if err != nil {
			return answer, err
		}
		given, err := process.Invoke(ctx, event, timeout)
		if failure, ok := errors.AsType[*runtimeapi.FunctionError](err); ok {
			return answer, errors.New(failure.Message)
		}
		if err != nil {
			return answer, err
		}
		return answer, json.Unmarshal(given.Payload, &answer)
	}
}

// wantNotes wants an answer of each of the three routes.
func wantNotes(t *testing.T, when string, api http.Handler, authorization string, status int, answer string) {
	t.Helper()
	for _, route := range []string{"GET /notes", "POST /notes", "DELETE /notes/a%2Fb%2A"} {
		method, path, _ := strings.Cut(route, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != status || !strings.Contains(w.Body.String(), answer) {
			t.Errorf("%s: %s: got %d %s, want %d %s", when, route, w.Code, w.Body, status, answer)
		}
	}
}

// Law 5: no access token of a deleted session passes an authorizer, that of the owner's other APIs included.
func TestADeletedSessionIsRefusedByTheNextCallOfAnotherAPI(t *testing.T) {
	p := newAccount(t).withTable()
	authorizer := p.start("authorize-resource")
	api := p.notes(authorizerOf(authorizer))
	bearer := "Bearer " + p.Sign(p.Access(fixture.SessionOne))
	want := func(when string, status int, answer, simple string) {
		t.Helper()
		wantNotes(t, when, api, bearer, status, answer)
		for _, event := range []string{"authorize-resource-http", "authorize-resource-http-1"} { // of the same session
			given, err := authorizer.Invoke(t.Context(), p.read(event), timeout)
			if got := verdict(given.Payload, err); !strings.HasPrefix(got, simple) {
				t.Errorf("%s: %s: got %s, want %s", when, event, got, simple)
			}
		}
	}
	want("before", 200, `"userId":"alice"`, "allow ")
	deleted, err := p.start("delete-by-id").Invoke(t.Context(), p.read("delete-by-id"), timeout)
	if got := verdict(deleted.Payload, err); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, fixture.SessionOne) {
		t.Fatalf("the deletion: got %s, want 200", got)
	}
	want("after", 401, "", "deny ")
}

// kept is an authorizer whose answers API Gateway keeps, by the identity source Authorization.
type kept struct {
	ask     gateway.Authorizer
	answers map[string]events.APIGatewayCustomAuthorizerResponse
	asked   int
}

func (k *kept) authorize(ctx context.Context, q events.APIGatewayCustomAuthorizerRequestTypeRequest,
) (answer events.APIGatewayCustomAuthorizerResponse, err error) {
	answer, found := k.answers[q.Headers["Authorization"]]
	if found {
		return answer, nil
	}
	k.asked++
	if answer, err = k.ask(ctx, q); err == nil {
		k.answers[q.Headers["Authorization"]] = answer
	}
	return answer, err
}

// One answer serves all routes for the caller that it is about, and nobody else. An error is not kept.
func TestAnAnswerThatAnotherAPIKeepsServesItsCallerAlone(t *testing.T) {
	p := newAccount(t).withTable()
	k := &kept{ask: authorizerOf(p.start("authorize-resource")), answers: map[string]events.APIGatewayCustomAuthorizerResponse{}}
	api := p.notes(k.authorize)
	for _, caller := range []struct {
		session, answer string
		status, asked   int
	}{
		{fixture.SessionOne, `"userId":"alice"`, 200, 1},
		{fixture.SessionBob, `"userId":"bob"`, 200, 2},
		{fixture.SessionFar, `"tenantId":"other"`, 200, 3},
		{fixture.SessionOne, `"userId":"alice"`, 200, 3},
		{fixture.SessionSvc, "", 401, 6},
		{fixture.SessionOld, "", 401, 9},
	} {
		wantNotes(t, caller.session, api, "Bearer "+p.Sign(p.Access(caller.session)), caller.status, caller.answer)
		if k.asked != caller.asked {
			t.Errorf("%s: got %d questions in all, want %d", caller.session, k.asked, caller.asked)
		}
	}
}

func TestAnotherAPITakesABoundTokenWithAProofWhereTheDeploymentSaysSo(t *testing.T) {
	account := newAccount(t).withTable()
	for takes, want := range map[string]string{"false": "deny ", "true": "allow "} {
		p := account.within(t)
		p.Set("RESOURCE_TAKES_DPOP", takes)
		key := fixture.NewProofKey("ES256")
		access := p.Access(fixture.SessionOne)
		access.Confirmation = &token.Confirmation{JKT: key.Thumbprint}
		text := p.Sign(access)
		ask := func(uri string) string {
			e, _ := askHTTP("DPoP " + text).(events.APIGatewayV2CustomAuthorizerV2Request)
			e.IdentitySource = nil // the API keeps no answer
			e.Headers["dpop"] = key.Prove("GET", uri, time.Now(), fixture.ForAccess(text))
			event, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			given, err := p.start("authorize-resource").Invoke(t.Context(), event, timeout)
			return verdict(given.Payload, err)
		}
		if got := ask("https://api.example.com/notes"); !strings.HasPrefix(got, want) {
			t.Errorf("RESOURCE_TAKES_DPOP=%s: got %s, want %s", takes, got, want)
		}
		if got := ask("https://api.example.com/other"); !strings.HasPrefix(got, "deny ") {
			t.Errorf("RESOURCE_TAKES_DPOP=%s, a proof for another path: got %s, want a denial", takes, got)
		}
	}
}

// The name of a function that is linked stands in its binary.
func TestAuthorizersLinkNoWriteOfASession(t *testing.T) {
	newAccount(t)
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	const operation = "service/dynamodb.(*Client)."
	reads := map[string]string{"authorizer": "BatchGetItem GetItem", "authorize-resource": "BatchGetItem", "refresh": "UpdateItem"}
	for op, linked := range reads {
		binary, err := os.ReadFile(filepath.Join(dir, op))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"BatchGetItem", "GetItem", "UpdateItem", "PutItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "Query"} {
			has, want := strings.Contains(string(binary), operation+name+"\x00"), strings.Contains(" "+linked+" ", " "+name+" ")
			if has != want && (op != "refresh" || want) {
				t.Errorf("%s links %s: got %t, want %t", op, name, has, want)
			}
		}
	}
}
