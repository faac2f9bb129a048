package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var servers = session.Audiences{"https://api.example", "files"}

// startWithServers has an application api with two audiences.
func startWithServers(t *testing.T, change func(*session.Settings)) *harness {
	t.Helper()
	h := start(t)
	h.application("demo", "api", func(s *session.Settings) {
		s.Audiences = servers
		if change != nil {
			change(s)
		}
	})
	return h
}

// narrow refreshes for some resources and a scope.
func (h *harness) narrow(g session.Grant, scope string, resources ...string) (session.Grant, error) {
	return h.Refresh(h.t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Scope: scope, Resources: resources})
}

func (h *harness) issueForServers() session.Grant {
	h.t.Helper()
	g, err := h.Issue(h.t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "api", Scope: "read write"})
	if err != nil {
		h.t.Fatalf("issue: %v", err)
	}
	return g
}

// Law 6: aud is the application id and the application's audiences; resource (RFC 8707) picks among them. The order of
// the application counts, so that every spelling of a request has one jti.
func TestResourcesPickAmongTheAudiences(t *testing.T) {
	for _, c := range []struct {
		scope     string
		resources []string
		audience  token.Audience
		narrowed  bool
	}{
		{"", nil, token.Audience{"api", "https://api.example", "files"}, false},
		{"", []string{"files", "https://api.example", "api", "api"}, token.Audience{"api", "https://api.example", "files"}, false},
		{"write read", nil, token.Audience{"api", "https://api.example", "files"}, false},
		{"", []string{"files"}, token.Audience{"files"}, true},
		{"", []string{"files", "api", "files"}, token.Audience{"api", "files"}, true},
		{"read", []string{"https://api.example"}, token.Audience{"https://api.example"}, true},
		{"read", nil, token.Audience{"api", "https://api.example", "files"}, true},
	} {
		h := startWithServers(t, nil)
		first := h.issueForServers()
		if a := h.access(first); a.Narrowed || !slices.Equal(a.Audience, token.Audience{"api", "https://api.example", "files"}) {
			t.Errorf("issue: got %v, narrowed %v, want all, whole", a.Audience, a.Narrowed)
		}
		g, err := h.narrow(first, c.scope, c.resources...)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		a, current := h.access(g), g.Session.AccessTokenID.String()
		if !slices.Equal(a.Audience, c.audience) || a.Narrowed != c.narrowed || (a.ID == current) == c.narrowed {
			t.Errorf("scope %q, resources %q: got %v, narrowed %v, jti %s, want %v, %v and the session's %s only if whole",
				c.scope, c.resources, a.Audience, a.Narrowed, a.ID, c.audience, c.narrowed, current)
		}
		again, err := h.narrow(first, c.scope, c.resources...)
		if err != nil || again.Outcome != session.Retried || h.access(again).ID != a.ID {
			t.Errorf("a retry: got %q, %v, want the same jti", again.Outcome, err)
		}
		if whole := h.rotated(g, session.Rotated); h.access(whole).Narrowed || len(h.access(whole).Audience) != 3 {
			t.Errorf("the next refresh: got %v, want the session's audience", h.access(whole).Audience)
		}
	}
}

// RFC 8707 section 2: invalid_target, before anything rotates.
func TestAnUnknownResourceRotatesNothing(t *testing.T) {
	h := startWithServers(t, nil)
	g := h.issueForServers()
	for _, resource := range []string{"web", "https://api.example/", "HTTPS://api.example", "https://evil.example", "API", " ", "fil"} {
		for _, resources := range [][]string{{resource}, {"files", resource}} {
			if _, err := h.narrow(g, "", resources...); !errors.Is(err, session.ErrTarget) {
				t.Errorf("%q: got %v, want %v", resources, err, session.ErrTarget)
			}
		}
	}
	h.untouched()
	h.rotated(g, session.Rotated)
}

// Law 4: only a token that is current is judged by session and application. What is superseded is answered as without a
// resource, so that nobody learns whether a session lives; a retry is judged by its own request after the write.
func TestAResourceTellsNothingOfASessionThatIsOver(t *testing.T) {
	for name, resource := range map[string]string{"a known resource": "files", "an unknown one": "evil"} {
		h := startWithServers(t, nil)
		deleted, reused, retried := h.issueForServers(), h.issueForServers(), h.issueForServers()
		if _, err := h.Delete(t.Context(), session.Caller{Tenant: "demo"}, deleted.Session.ID); err != nil {
			t.Fatal(err)
		}
		h.rotated(h.rotated(reused, session.Rotated), session.Rotated)
		h.Pass(overlap + time.Second)
		h.rotated(retried, session.Rotated)
		_, err1 := h.narrow(deleted, "", resource)
		_, err2 := h.narrow(reused, "", resource)
		if !errors.Is(err1, session.ErrUnknown) || !errors.Is(err2, session.ErrReused) {
			t.Errorf("%s: got %v and %v, want %v and %v", name, err1, err2, session.ErrUnknown, session.ErrReused)
		}
		again, err := h.narrow(retried, "", resource)
		if resource == "evil" && !errors.Is(err, session.ErrTarget) || resource == "files" && (err != nil || !h.access(again).Narrowed) {
			t.Errorf("%s, a retry: got %q, %v, want it judged by its own request", name, again.Outcome, err)
		}
	}
}

// Law 6: where a session keeps only the latest access token, that one and those narrowed from it are accepted.
func TestANarrowedTokenEndsWithTheTokenThatItIsNarrowedFrom(t *testing.T) {
	h := startWithServers(t, func(s *session.Settings) { s.KeepPreviousAccessToken = false })
	first := h.issueForServers()
	g, err := h.narrow(first, "read", "files")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := h.store.Load(t.Context(), g.Session.Key)
	if err != nil {
		t.Fatal(err)
	}
	narrowed := h.access(g)
	accepts := func(s session.Session, change func(*token.Access)) bool {
		a := narrowed
		change(&a)
		return s.Accepts(a, h.Now())
	}
	for name, c := range map[string]struct {
		change func(*token.Access)
		want   bool
	}{
		"itself":           {func(*token.Access) {}, true},
		"another scope":    {func(a *token.Access) { a.Scope = "write" }, false},
		"another audience": {func(a *token.Access) { a.Audience = token.Audience{"https://api.example"} }, false},
		"two audiences":    {func(a *token.Access) { a.Audience = token.Audience{"api", "files"} }, false},
		"posing as whole":  {func(a *token.Access) { a.Narrowed = false }, false},
		"the whole jti":    {func(a *token.Access) { a.ID = s.AccessTokenID.String() }, false},
		"an older version": {func(a *token.Access) { a.SessionVersion++ }, false},
	} {
		if got := accepts(s, c.change); got != c.want {
			t.Errorf("%s: got accepted %v, want %v", name, got, c.want)
		}
	}
	next, _, err := h.store.Load(t.Context(), h.rotated(g, session.Rotated).Session.Key)
	if err != nil || accepts(next, func(*token.Access) {}) {
		t.Errorf("after the next refresh: got accepted, %v, want it refused", err)
	}
}

func TestAudiencesAreAbsoluteURIsOrIDs(t *testing.T) {
	ten := make(session.Audiences, 10)
	for i := range ten {
		ten[i] = fmt.Sprintf("https://api.example/%d", i)
	}
	for _, good := range []session.Audiences{nil, servers, ten, {"urn:example:files"}, {"a b"}, {strings.Repeat("x", 128)}, {"https://api.example:8443/v1?x=y"}} {
		s := session.DefaultSettings()
		s.Audiences = good
		if bad := s.Validate(); len(bad) > 0 {
			t.Errorf("%q: got %v, want no fault", good, bad)
		}
	}
	for field, bad := range map[string]session.Audiences{
		"audiences": append(slices.Clone(ten), "x"), "audiences[1]": {"x", "x"}, "audiences[0]": {""},
	} {
		s := session.DefaultSettings()
		s.Audiences = bad
		if faults := s.Validate(); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%q: got %v, want one fault in %s", bad, faults, field)
		}
	}
	for _, bad := range []string{
		" ", ".", "..", strings.Repeat("x", 129), "a\x00b", "https://", "https://api.example#f", "https://a b.example", "://x", "\xff",
	} {
		s := session.DefaultSettings()
		s.Audiences = session.Audiences{bad}
		if len(s.Validate()) != 1 {
			t.Errorf("%q: got no fault, want one", bad)
		}
	}
}

// With claims, scope and audiences at their limits, an access token still verifies.
func TestTheLargestAccessTokenVerifies(t *testing.T) {
	h := start(t)
	h.application("demo", "api", func(s *session.Settings) {
		for i := range 10 {
			s.Audiences = append(s.Audiences, "https://"+strings.Repeat(string(rune('a'+i)), 120))
		}
	})
	g, err := h.Issue(t.Context(), session.IssueRequest{
		Tenant: "demo", User: strings.Repeat("u", 60), Application: "api", Scope: strings.Repeat("s", 256),
		Claims: []byte(`{"x":"` + strings.Repeat("x", session.MaxClaims-8) + `"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := h.keys.Verifier(h.Now).Verify(t.Context(), g.Access.Reveal()); err != nil || len(a.Audience) != 11 {
		t.Errorf("a token of %d bytes: got %d audiences, %v, want 11", len(g.Access.Reveal()), len(a.Audience), err)
	}
}
