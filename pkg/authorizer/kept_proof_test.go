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
