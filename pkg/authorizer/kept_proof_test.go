package authorizer_test

import (
	"encoding/json"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// An HTTP API that keeps answers would admit a bound token without its proof, on any route. With a policy it would take the
// proof again.
func TestTheAnswerToAProofIsNotKept(t *testing.T) {
	h := start(t)
	key := fixture.NewProofKey("ES256")
	bound := h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: key.Thumbprint} })
	proof := key.Prove("GET", noteURL, h.Authorizer.Now(), fixture.ForAccess(bound))
	authorization := "DPoP " + bound
	for name, c := range map[string]struct {
		form    string
		source  any
		outcome string
	}{
		"2.0, the credential":                {"HTTP 2.0", []string{authorization}, "failed"},
		"2.0, the credential and the proof":  {"HTTP 2.0", []string{authorization, proof}, "failed"},
		"2.0, nothing: none is kept":         {"HTTP 2.0", []string{}, "allowed"},
		"1.0, the credential":                {"HTTP 1.0", authorization, "failed"},
		"1.0, the credential and the proof":  {"HTTP 1.0", authorization + "," + proof, "failed"},
		"1.0, nothing: none is kept":         {"HTTP 1.0", "", "allowed"},
		"REST, which says nothing about it":  {"REST", nil, "allowed"},
		"2.0, null, as without any identity": {"HTTP 2.0", nil, "allowed"},
	} {
		for _, withPolicy := range []bool{false, true} {
			e := question(c.form, authorization, proof)
			e.IdentitySource = fixture.Must(json.Marshal(c.source))
			r := h.resource()
			r.TakesDPoP, r.Policy = true, withPolicy
			if answer, outcome, _ := h.ask(r, e); outcome != c.outcome {
				t.Errorf("%s, policy %t: got %s, %s, want %s", name, withPolicy, answer, outcome, c.outcome)
			}
		}
	}
}

// A WebSocket API asks at $connect, and names neither method nor path. A proof without htm must not fit that.
func TestAProofWithoutAMethodIsRefusedAtAWebSocketAPI(t *testing.T) {
	h := start(t)
	key := fixture.NewProofKey("ES256")
	bound := h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: key.Thumbprint} })
	for _, htm := range []any{nil, "", "GET"} {
		proof := key.Prove("GET", "https://notes.example.com", h.Authorizer.Now(), fixture.ForAccess(bound), map[string]any{"htm": htm})
		e := question("REST", "DPoP "+bound, proof)
		e.MethodARN, e.HTTPMethod, e.RequestContext.Path = "arn:aws:execute-api:eu-west-1:123456789012:abc/dev/$connect", "", ""
		r := h.resource()
		r.TakesDPoP = true
		if answer, outcome, _ := h.ask(r, e); answer != "Unauthorized" || outcome != "unbound" {
			t.Errorf("htm %v: got %s, %s, want a refusal", htm, answer, outcome)
		}
		e = question("REST", "Bearer "+h.current())
		e.MethodARN = "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/dev/$connect"
		if answer, _, _ := h.ask(r, e); answer != "allow arn:aws-cn:execute-api:cn-north-1:123456789012:abc/dev/*" {
			t.Errorf("an unbound token: got %s, want the stage", answer)
		}
	}
}
