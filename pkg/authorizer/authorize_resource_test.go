package authorizer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	method     = "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/GET/notes/7"
	wholeStage = "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/*"
	noteURL    = "https://notes.example.com/v1/notes/7"
)

func (h *harness) resource() *authorizer.Resource {
	return &authorizer.Resource{Sessions: h.Store, Verifier: h.Verifier, Now: h.Authorizer.Now, Audience: fixture.Web}
}

// The four forms of a question about GET /notes/7. The path that the client sent has a base path or a stage.
var forms = map[string]func(*authorizer.ResourceRequest){
	"REST": func(e *authorizer.ResourceRequest) { e.MethodARN, e.Type = method, "REQUEST" },
	"TOKEN": func(e *authorizer.ResourceRequest) {
		e.MethodARN, e.Type, e.AuthorizationToken = method, "TOKEN", e.Headers["Authorization"]
		e.Headers = nil
	},
	"HTTP 1.0": func(e *authorizer.ResourceRequest) { e.MethodARN, e.Type, e.Version = method, "REQUEST", "1.0" },
	"HTTP 2.0": func(e *authorizer.ResourceRequest) {
		e.RouteARN, e.Type, e.Version = method, "REQUEST", "2.0"
		e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = e.HTTPMethod, e.RequestContext.Path
		e.HTTPMethod, e.RequestContext.Path = "", ""
	},
}

func question(form, authorization string, proofs ...string) authorizer.ResourceRequest {
	e := authorizer.ResourceRequest{HTTPMethod: "GET", Headers: map[string]string{"Authorization": authorization}}
	for _, proof := range proofs { // an HTTP API joins what comes twice
		e.Headers["DPoP"] = strings.TrimPrefix(e.Headers["DPoP"]+","+proof, ",")
	}
	e.RequestContext.RequestID, e.RequestContext.DomainName = "request-1", "notes.example.com"
	e.RequestContext.Path = "/v1/notes/7"
	forms[form](&e)
	return e
}

// ask returns "allow" with what is allowed, "deny", or the error, and the outcome in the one line of the log.
func (h *harness) ask(r *authorizer.Resource, e authorizer.ResourceRequest) (answer, outcome string, values map[string]any) {
	h.t.Helper()
	h.log.Reset()
	got, err := r.Handler(telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&h.log, nil))})(h.t.Context(), e)
	var line map[string]any
	if json.Unmarshal(h.log.Bytes(), &line) != nil || line["op"] != "authorize-resource" || line["apiRequestId"] != "request-1" {
		h.t.Fatalf("the log: got %s, want one line about the request", &h.log)
	}
	outcome = fmt.Sprint(line["outcome"])
	if err != nil {
		return err.Error(), outcome, nil
	}
	switch got := got.(type) {
	case events.APIGatewayV2CustomAuthorizerSimpleResponse:
		return map[bool]string{true: "allow all", false: "deny"}[got.IsAuthorized], outcome, got.Context
	case events.APIGatewayCustomAuthorizerResponse:
		s := got.PolicyDocument.Statement[0]
		if got.PrincipalID == "" || len(got.PolicyDocument.Statement) != 1 || !slices.Equal(s.Action, []string{"execute-api:Invoke"}) {
			h.t.Errorf("got the policy %+v, want one statement and a principal", got)
		}
		if s.Effect == "Deny" {
			return "deny", outcome, got.Context
		}
		return "allow " + strings.Join(s.Resource, " "), outcome, got.Context
	}
	h.t.Fatalf("got a %T, want an answer of API Gateway", got)
	return "", "", nil
}

// API Gateway may keep the answer for other methods and paths of the stage.
func TestAnAnswerIsGoodForAllOfTheStageAndSaysWhoCalls(t *testing.T) {
	h := start(t)
	want := map[string]any{
		"userId": fixture.Alice, "tenantId": fixture.Demo, "applicationId": fixture.Web, "sessionId": fixture.SessionOne,
		"scope": "profile email", "claims": `{"plan":"pro","tags":["a"]}`,
	}
	text := h.access(func(a *token.Access) { a.Custom = json.RawMessage(`{"plan":"pro","tags":["a"]}`) })
	for form := range forms {
		for _, withPolicy := range []bool{false, true} {
			r := h.resource()
			r.Policy = withPolicy
			answer, outcome, values := h.ask(r, question(form, "Bearer "+text))
			wantAnswer := "allow " + wholeStage
			if form == "HTTP 2.0" && !withPolicy {
				wantAnswer = "allow all"
			}
			if answer != wantAnswer || outcome != "allowed" || fmt.Sprint(values) != fmt.Sprint(want) {
				t.Errorf("%s: got %s, %s and %v, want %s and %v", form, answer, outcome, values, wantAnswer, want)
			}
			for name, value := range values {
				if _, isText := value.(string); !isText {
					t.Errorf("%s: %s is a %T, want a string", form, name, value)
				}
			}
		}
	}
	_, _, values := h.ask(h.resource(), question("REST", "Bearer "+h.access(func(a *token.Access) { a.Scope = "" })))
	if values["scope"] != "" || values["claims"] != "{}" {
		t.Errorf("without scope and claims: got %v, want them empty", values)
	}
}

// A REST API makes a 401 of the error and keeps it for nobody; an HTTP API has a 403 alone.
func TestWhatIsNoAccessTokenForThisAPIIsRefused(t *testing.T) {
	h := start(t)
	narrow := func(change func(*token.Access)) string {
		return h.access(func(a *token.Access) {
			current, _ := token.ParseID(a.ID)
			a.Narrowed, a.Audience = true, token.Audience{fixture.Web}
			change(a)
			a.ID = token.NarrowedID(current, a.Scope, a.Audience)
		})
	}
	for name, c := range map[string]struct{ authorization, outcome string }{
		"an access token":              {"Bearer " + h.current(), "allowed"},
		"of another tenant":            {"Bearer " + h.Sign(h.Access(fixture.SessionFar)), "allowed"},
		"of smaller scope":             {"Bearer " + narrow(func(a *token.Access) { a.Scope = "email" }), "allowed"},
		"of more audiences":            {"Bearer " + h.access(func(a *token.Access) { a.Audience = token.Audience{fixture.Web, "b"} }), "allowed"},
		"narrowed to another audience": {"Bearer " + narrow(func(a *token.Access) { a.Audience = token.Audience{"https://files.example"} }), "other audience"},
		"of another application":       {"Bearer " + h.Sign(h.Access(fixture.SessionSvc)), "other audience"},
		"of a longer audience":         {"Bearer " + h.access(func(a *token.Access) { a.Audience = token.Audience{"webhook", "web "} }), "forged"},
		"bound to a key":               {"DPoP " + h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: "x"} }), "unbound"},
		"bound, as Bearer":             {"Bearer " + h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: "x"} }), "unbound"},
		"unbound, as DPoP":             {"DPoP " + h.current(), "unbound"},
		"superseded":                   {"Bearer " + h.access(func(a *token.Access) { a.SessionVersion++ }), "revoked"},
		"of an ended session":          {"Bearer " + h.access(func(a *token.Access) { a.User = fixture.Bob }), "revoked"},
		"of an expired session":        {"Bearer " + h.Sign(h.Access(fixture.SessionOld)), "revoked"},
		"expired":                      {"Bearer " + h.AccessText(fixture.SessionOne, h.Tenants.Now.Add(-time.Minute)), "expired"},
		"forged":                       {"Bearer " + h.current() + "x", "forged"},
		"an API key":                   {"Bearer " + fixture.KeyText("all"), "forged"},
		"a refresh token":              {"Bearer " + h.RefreshText(fixture.SessionOne, 0), "forged"},
		"two":                          {"Bearer " + h.current() + ",Bearer " + h.current(), "missing"},
		"another scheme":               {"Basic YTpi", "missing"},
		"nothing":                      {"", "missing"},
	} {
		for form := range forms {
			answer, outcome, values := h.ask(h.resource(), question(form, c.authorization))
			refusal := "Unauthorized"
			if strings.HasPrefix(form, "HTTP") {
				refusal = "deny"
			}
			if outcome != c.outcome || (answer == refusal) == (c.outcome == "allowed") || outcome != "allowed" && len(values) > 0 {
				t.Errorf("%s, %s: got %s, %s, %v, want %s", form, name, answer, outcome, values, c.outcome)
			}
		}
	}
	unset := h.resource()
	unset.Audience = ""
	if answer, outcome, _ := h.ask(unset, question("REST", "Bearer "+h.current())); answer != "Unauthorized" || outcome != "other audience" {
		t.Errorf("without an audience: got %s, %s, want a refusal", answer, outcome)
	}
}

// Nothing is kept of a request that could not be judged.
func TestWithoutTableOrKeysTheAnswerIsAnError(t *testing.T) {
	for name, spoil := range map[string]func(*authorizer.Resource){
		"table": func(r *authorizer.Resource) { r.Sessions = failing{errThrottled} },
		"keys":  func(r *authorizer.Resource) { r.Verifier.Keys = fixture.Down[keys.PublicSet]() },
	} {
		h := start(t)
		for form := range forms {
			r := h.resource()
			spoil(r)
			if answer, outcome, _ := h.ask(r, question(form, "Bearer "+h.current())); answer != "the authorizer is unavailable" || outcome != "unavailable" {
				t.Errorf("%s, no %s: got %s, %s, want an error", form, name, answer, outcome)
			}
		}
	}
}

// An API that keeps answers by something else than the credential would give one caller's to another.
func TestAnAnswerThatWouldServeOthersIsNotGiven(t *testing.T) {
	h := start(t)
	good, bad := "Bearer "+h.current(), "Bearer "+h.current()+"x"
	quoted := func(v any) json.RawMessage { return fixture.Must(json.Marshal(v)) }
	for name, c := range map[string]struct {
		source json.RawMessage
		shared bool
	}{
		"the credential":            {quoted([]string{good}), false},
		"the credential and more":   {quoted([]string{"eu", good}), false},
		"nothing: none is kept":     {quoted([]string{}), false},
		"null":                      {json.RawMessage("null"), false},
		"absent":                    {nil, false},
		"another header":            {quoted([]string{"eu"}), true},
		"a part of the credential":  {quoted([]string{good[:20]}), true},
		"more than the credential":  {quoted([]string{good + "y"}), true},
		"joined, the credential":    {quoted(good), false},
		"joined, with more":         {quoted("eu," + good), false},
		"joined, another header":    {quoted("eu"), true},
		"joined, nothing":           {quoted(""), false},
		"joined, the end of itself": {quoted("x" + good), true},
	} {
		e := question("HTTP 2.0", good)
		e.IdentitySource = c.source
		if answer, outcome, _ := h.ask(h.resource(), e); (answer == "allow all") == c.shared || (outcome == "failed") != c.shared {
			t.Errorf("%s: got %s, %s, want it allowed: %t", name, answer, outcome, !c.shared)
		}
		if !c.shared {
			continue
		}
		e = question("HTTP 2.0", bad)
		e.IdentitySource = c.source
		if answer, outcome, _ := h.ask(h.resource(), e); answer != "Unauthorized" || outcome != "forged" {
			t.Errorf("%s, a bad credential: got %s, %s, want an error, which is not kept", name, answer, outcome)
		}
	}
}

// The proof is for one method, one path and the domain by which API Gateway found the API. So is the answer.
func TestABoundTokenTakesAProofForThisVeryRequest(t *testing.T) {
	h := start(t)
	key, other := fixture.NewProofKey("ES256"), fixture.NewProofKey("ES256")
	bound := h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: key.Thumbprint} })
	now, ath := h.Authorizer.Now(), fixture.ForAccess(bound)
	good := key.Prove("GET", noteURL, now, ath)
	for name, c := range map[string]struct {
		authorization string
		proofs        []string
		outcome       string
	}{
		"a proof":                 {"DPoP " + bound, []string{good}, "allowed"},
		"without the base path":   {"DPoP " + bound, []string{key.Prove("GET", "https://notes.example.com/notes/7", now, ath)}, "unbound"},
		"another path":            {"DPoP " + bound, []string{key.Prove("GET", noteURL+"/x", now, ath)}, "unbound"},
		"another API":             {"DPoP " + bound, []string{key.Prove("GET", "https://files.example.com/v1/notes/7", now, ath)}, "unbound"},
		"this service":            {"DPoP " + bound, []string{key.Prove("GET", fixture.Issuer+"/v1/notes/7", now, ath)}, "unbound"},
		"http":                    {"DPoP " + bound, []string{key.Prove("GET", "http://notes.example.com/v1/notes/7", now, ath)}, "unbound"},
		"another method":          {"DPoP " + bound, []string{key.Prove("DELETE", noteURL, now, ath)}, "unbound"},
		"another key":             {"DPoP " + bound, []string{other.Prove("GET", noteURL, now, ath)}, "unbound"},
		"no ath":                  {"DPoP " + bound, []string{key.Prove("GET", noteURL, now)}, "unbound"},
		"the ath of another":      {"DPoP " + bound, []string{key.Prove("GET", noteURL, now, fixture.ForAccess(h.current()))}, "unbound"},
		"an old proof":            {"DPoP " + bound, []string{key.Prove("GET", noteURL, now.Add(-61*time.Second), ath)}, "unbound"},
		"two proofs":              {"DPoP " + bound, []string{good, good}, "unbound"},
		"none":                    {"DPoP " + bound, nil, "unbound"},
		"as Bearer":               {"Bearer " + bound, []string{good}, "unbound"},
		"an unbound token":        {"DPoP " + h.current(), []string{good}, "unbound"},
		"an unbound one, Bearer":  {"Bearer " + h.current(), nil, "allowed"},
		"unbound with some proof": {"Bearer " + h.current(), []string{"x"}, "allowed"},
	} {
		for form := range forms {
			if form == "TOKEN" {
				continue // it has no header but one
			}
			r := h.resource()
			r.TakesDPoP, r.Policy = true, true
			answer, outcome, _ := h.ask(r, question(form, c.authorization, c.proofs...))
			want := "allow " + wholeStage
			if strings.HasPrefix(c.authorization, "DPoP") {
				want = "allow " + method
			}
			if outcome != c.outcome || outcome == "allowed" && answer != want {
				t.Errorf("%s, %s: got %s, %s, want %s", form, name, answer, outcome, c.outcome)
			}
		}
	}
	r := h.resource()
	r.TakesDPoP = true
	for _, domain := range []string{"", "notes.example.com?v1", "a b", "user@notes.example.com"} {
		e := question("REST", "DPoP "+bound, good)
		e.RequestContext.DomainName = domain
		if answer, outcome, _ := h.ask(r, e); answer != "Unauthorized" || outcome != "unbound" {
			t.Errorf("domain %q: got %s, %s, want a refusal", domain, answer, outcome)
		}
	}
	if answer, _, _ := h.ask(r, question("TOKEN", "DPoP "+bound)); answer != "Unauthorized" {
		t.Errorf("TOKEN: got %s, want a refusal: no proof can come", answer)
	}
}

// What is refused for itself costs no read of the table.
func TestAnotherAudienceOrAMissingProofIsRefusedBeforeTheStore(t *testing.T) {
	h := start(t)
	h.Store = failing{errors.New("the store was read")}
	for name, authorization := range map[string]string{
		"audience": "Bearer " + h.Sign(h.Access(fixture.SessionSvc)),
		"bound":    "DPoP " + h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: "x"} }),
	} {
		if answer, outcome, _ := h.ask(h.resource(), question("REST", authorization)); answer != "Unauthorized" {
			t.Errorf("%s: got %s, %s, want a refusal", name, answer, outcome)
		}
	}
}
