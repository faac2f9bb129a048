package session_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// hook is a claims hook that says what a test wants, and keeps the questions.
type hook struct {
	answer session.HookAnswer
	err    error
	asked  []session.HookCall
}

var errDown = errors.New("the hook is down")

// hooked gives the harness a hook.
func (h *harness) hooked(refuse bool) *hook {
	k := &hook{}
	value := session.Hook{Refuse: refuse, Ask: func(_ context.Context, call session.HookCall) (session.HookAnswer, error) {
		k.asked = append(k.asked, call)
		return k.answer, k.err
	}}
	h.Refresher, h.Issuer = h.Refresher.WithHook(value, h.store), h.Issuer.WithHook(value)
	return k
}

func (k *hook) says(claims string) {
	k.answer, k.err = session.HookAnswer{Claims: json.RawMessage(claims)}, nil
}

// wantClaims compares the custom claims of an access token.
func (h *harness) wantClaims(g session.Grant, want string) {
	h.t.Helper()
	payload, custom := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	raw := fixture.Must(base64.RawURLEncoding.DecodeString(strings.Split(g.Access.Reveal(), ".")[1]))
	if err := json.Unmarshal(raw, &payload); err != nil {
		h.t.Fatalf("payload: %v", err)
	}
	for name, value := range payload {
		if !token.ReservedClaim(name) {
			custom[name] = value
		}
	}
	if got := string(fixture.Must(json.Marshal(custom))); got != want {
		h.t.Fatalf("claims: got %s, want %s", got, want)
	}
}

func TestATokenCarriesTheClaimsOfTheHookOverThoseOfTheSession(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	k.says(`{"role":"user"}`)
	g, err := h.Issue(t.Context(), session.IssueRequest{
		Tenant: "demo", User: "u", Application: "web", Claims: json.RawMessage(`{"Role":"admin","plan":"free"}`),
	})
	h.want("issue", err, nil)
	h.wantClaims(g, `{"plan":"free","role":"user"}`)
	k.says(`{"role":"owner"}`)
	g = h.rotated(g, session.Rotated)
	h.wantClaims(g, `{"plan":"free","role":"owner"}`)
	k.answer = session.HookAnswer{}
	g = h.rotated(g, session.Rotated)
	h.wantClaims(g, `{"plan":"free","role":"owner"}`)
	k.says(`{}`)
	g = h.rotated(g, session.Rotated)
	h.wantClaims(g, `{"Role":"admin","plan":"free"}`)
	if got := string(g.Session.Claims); got != `{"Role":"admin","plan":"free"}` {
		t.Errorf("the session's own claims: got %s, want them as they were", got)
	}
}

func TestTheHookLearnsWhatTheTokenSays(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	g := h.issue("u", "web")
	next := h.rotated(g, session.Rotated)
	ctx := session.WithCause(t.Context(), session.Cause{RequestID: "request"})
	_, err := h.Refresh(ctx, session.RefreshRequest{Token: next.Refresh.Reveal()})
	h.want("refresh", err, nil)
	want := []session.HookCall{{"issue", g.Session.Key, 0, ""}, {"refresh", g.Session.Key, 0, ""}, {"refresh", g.Session.Key, 1, "request"}}
	if len(k.asked) != 3 || k.asked[0] != want[0] || k.asked[1] != want[1] || k.asked[2] != want[2] {
		t.Errorf("got %v, want %v", k.asked, want)
	}
}

func TestTheHookIsNotAskedAboutWhatTheTokenItselfRefuses(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	k := h.hooked(false)
	text := g.Refresh.Reveal()
	for _, req := range []session.RefreshRequest{
		{Token: text[:len(text)-1] + "A"},
		{Token: "x"},
		{Token: text, Tenant: "other"},
		{Token: text, Application: "service"},
		{Token: text, Access: &token.Access{}},
	} {
		if _, err := h.Refresh(t.Context(), req); err == nil {
			t.Errorf("%v: got success, want a refusal", req)
		}
	}
	if len(k.asked) != 0 {
		t.Errorf("got %d calls of the hook, want none", len(k.asked))
	}
}

// Law 3: a retry is answered with what was written, whatever the hook says now.
func TestARetryAnswersTheClaimsThatWereWritten(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	g := h.issue("u", "web")
	k.says(`{"role":"first"}`)
	h.rotated(g, session.Rotated)
	k.says(`{"role":"second"}`)
	h.wantClaims(h.rotated(g, session.Retried), `{"role":"first"}`)
	k.err = errDown
	h.wantClaims(h.rotated(g, session.Retried), `{"role":"first"}`)
}

func TestADeniedRefreshEndsTheSessionWhateverItsGeneration(t *testing.T) {
	for name, reason := range map[string]string{"hook": "", "suspended": "suspended"} {
		h := start(t)
		k := h.hooked(false)
		g := h.issue("u", "web")
		last := h.rotated(h.rotated(g, session.Rotated), session.Rotated)
		h.Pass(time.Hour)
		k.answer = session.HookAnswer{Deny: true, Reason: reason}
		h.refused(g, session.ErrDenied)
		if h.live(last) {
			t.Error("got a live session, want it ended")
		}
		h.wantEntries("u", 1, "denied|web|1|"+name+"|hook")
		h.refused(last, session.ErrDenied) // of a session that is gone
		h.wantEntries("u", 1, "denied|web|1|"+name+"|hook")
		if err := session.ErrDenied; !session.Final(err) || session.RefusalOutcome(err) != session.Denied {
			t.Errorf("got final %v, outcome %q, want a final refusal of its own outcome", session.Final(err), session.RefusalOutcome(err))
		}
	}
}

// Law 5: a refresh token ends a session only if its root fits, so a leaked token key ends none through the hook either.
func TestADenialNeedsTheRootOfTheSession(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	g := h.issue("u", "web")
	forged := token.Refresh{
		Tenant: "demo", User: "u", Application: "web", Session: g.Session.ID, Generation: 3, KeyID: h.keys.TokenKey().ID,
	}
	_, _ = rand.Read(forged.Secret[:])
	k.answer = session.HookAnswer{Deny: true}
	_, err := h.Refresh(t.Context(), session.RefreshRequest{Token: fixture.Must(forged.Encode(h.keys.TokenKey())).Reveal()})
	h.want("refresh", err, session.ErrWrongRoot)
	k.answer = session.HookAnswer{}
	h.rotated(g, session.Rotated)
	h.wantEntries("u", 1)
}

func TestADeniedIssueMakesNothing(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	k.answer = session.HookAnswer{Deny: true, Reason: "unpaid"}
	_, err := h.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "web"})
	h.want("issue", err, session.ErrIssueDenied)
	if left := h.remains("u"); len(left) > 0 || session.KindOf(err) != session.KindIssueDenied {
		t.Errorf("got %d sessions, %v, want none", len(left), err)
	}
	h.wantEntries("u", 0, "denied|web|0|unpaid|hook")
}

// Law 4: a hook that fails rotates nothing where the deployment refuses, and keeps its earlier claims where it does not.
func TestAFailedHookRotatesNothingOrKeepsItsClaims(t *testing.T) {
	full := `{"x":"` + strings.Repeat("x", session.MaxClaims-8) + `"}`
	for name, fail := range map[string]func(*hook){
		"no answer":      func(k *hook) { k.err = errDown },
		"too many bytes": func(k *hook) { k.says(full) }, // beside those of the session
	} {
		for _, refuse := range []bool{true, false} {
			h := start(t)
			k := h.hooked(refuse)
			req := session.IssueRequest{Tenant: "demo", User: "u", Application: "web", Claims: json.RawMessage(`{"own":1}`)}
			k.says(`{"role":"user"}`)
			g, err := h.Issue(t.Context(), req)
			h.want(name, err, nil)
			rotations := h.store.rotations.Load()
			fail(k)
			again, issueErr := h.Issue(t.Context(), req)
			next, err := h.refresh(g)
			if refuse {
				h.want(name+": issue", issueErr, session.ErrUnavailable)
				h.want(name+": refresh", err, session.ErrUnavailable)
				h.want(name+": refresh", err, session.ErrHookFailed)
				if len(h.remains("u")) != 1 || h.store.rotations.Load() != rotations {
					t.Errorf("%s: got %d sessions and a rotation, want one as it was", name, len(h.remains("u")))
				}
				k.err, k.answer = nil, session.HookAnswer{}
				h.rotated(g, session.Rotated)
				continue
			}
			h.want(name, errors.Join(issueErr, err), nil)
			h.wantClaims(again, `{"own":1}`)
			h.wantClaims(next, `{"own":1,"role":"user"}`)
			if next.Hook != session.HookFailed || !errors.Is(next.HookFailure, session.ErrHookFailed) || again.HookFailure == nil {
				t.Errorf("%s: got %q, %v, want the failure with the grant", name, next.Hook, next.HookFailure)
			}
		}
	}
}

// The hook runs before reuse is judged, so a superseded token costs one call.
func TestASupersededTokenCostsOneCallOfTheHook(t *testing.T) {
	h := start(t)
	k := h.hooked(false)
	g := h.issue("u", "web")
	h.rotated(g, session.Rotated)
	h.Pass(time.Hour)
	asked := len(k.asked)
	_, err := h.refresh(g)
	h.want("refresh", err, session.ErrReused)
	var refusal *session.RefreshError
	if !errors.As(err, &refusal) || refusal.Hook != session.HookKept || len(k.asked) != asked+1 {
		t.Errorf("got %d calls and %v, want one that is named", len(k.asked)-asked, refusal)
	}
}
