package session_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 4, item 10: after a restore of the table the item is older than the tokens of honest clients.
func TestARestoredTableLogsNobodyOut(t *testing.T) {
	h := start(t)
	grants := []session.Grant{h.issue("u", "web")}
	for i := range 9 {
		grants = append(grants, h.rotated(grants[i], session.Rotated))
	}
	h.replace(grants[2].Session)
	current := h.rotated(grants[9], session.RolledForward)
	if got := current.Session.Generation; got != 10 {
		t.Errorf("got generation %d, want 10", got)
	}
	h.wantEntries("u", 1, "rolled_forward|web|1||service")
	for _, slower := range []int{9, 8, 5} { // tabs beside it, within their windows
		if again := h.rotated(grants[slower], session.Retried); again.Refresh != current.Refresh {
			t.Errorf("generation %d: got another token, want the current one", slower)
		}
	}
	h.rotated(current, session.Rotated)
}

func TestAnExpiredSessionIsNotRolledForward(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	second := h.rotated(first, session.Rotated)
	h.replace(first.Session)
	h.Pass(idle)
	h.refused(second, session.ErrExpired)
}

// Law 2: a leaked token key makes tokens with valid tags for any session whose ids are known. They refresh nothing and
// end nothing, whatever generation they claim.
func TestALeakedTokenKeyAloneEndsNoSession(t *testing.T) {
	h := start(t)
	g := h.rotated(h.rotated(h.issue("u", "web"), session.Rotated), session.Rotated)
	for _, generation := range []uint32{0, 1, 2, 3, 1 << 30} {
		forged := token.Refresh{
			Tenant: "demo", User: "u", Application: "web", Session: g.Session.ID, Generation: generation,
			KeyID: h.keys.TokenKey().ID,
		}
		_, _ = rand.Read(forged.Secret[:])
		text := fixture.Must(forged.Encode(h.keys.TokenKey())).Reveal()
		_, err := h.Refresh(t.Context(), session.RefreshRequest{Token: text})
		h.want("refresh", err, session.ErrWrongRoot)
		_, err = h.DeleteByToken(t.Context(), anyUser, text)
		h.want("delete by token", err, session.ErrNoSession)
		_, err = h.LogOut(t.Context(), text)
		h.want("log out", err, session.ErrWrongRoot)
		h.want("revoke", h.Revoke(t.Context(), text, ""), session.ErrNoSession)
		if !h.live(g) {
			t.Fatalf("generation %d: got the session ended, want it live", generation)
		}
	}
	h.rotated(g, session.Rotated)
}

// A retry of an attacker with a copied token is answered within the overlap, and its outcome reports it.
func TestARetryFromElsewhereHasItsOwnOutcome(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	from := func(address, agent string, want session.Outcome) {
		t.Helper()
		g, err := h.Refresh(t.Context(), session.RefreshRequest{Token: first.Refresh.Reveal(), Seen: session.SeenFrom(address, agent)})
		if err != nil || g.Outcome != want {
			t.Errorf("%s, %s: got %q, %v, want %q", address, agent, g.Outcome, err, want)
		}
	}
	from("192.0.2.1", "Browser/1.0", session.Rotated)
	from("192.0.2.1", "Browser/1.0", session.Retried)
	from("198.51.100.9", "Browser/1.0", session.Retried) // a phone that changed its network
	from("192.0.2.1", "curl/8.0", session.Retried)
	from("198.51.100.9", "curl/8.0", session.RetriedElsewhere)
	from("", "curl/8.0", session.Retried) // an unknown address is not elsewhere
}

// Law 6: superseding ends the access tokens issued before. A retry does not raise the session version.
func TestSupersedingEndsEarlierAccessTokens(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	supersede := session.RefreshRequest{Token: first.Refresh.Reveal(), Supersede: true}
	second, err := h.Refresh(t.Context(), supersede)
	h.want("refresh", err, nil)
	again, err := h.Refresh(t.Context(), supersede)
	h.want("retry", err, nil)
	s, _, err := h.store.Load(t.Context(), first.Session.Key)
	h.want("load", err, nil)
	for name, c := range map[string]struct {
		grant session.Grant
		want  bool
	}{"before": {first, false}, "after": {second, true}, "of the retry": {again, true}} {
		if got := s.Accepts(h.access(c.grant), h.Now()); got != c.want {
			t.Errorf("the access token %s: got accepted %t, want %t", name, got, c.want)
		}
	}
}

// Law 3: no answer holds an expired access token.
func TestARetryGetsTimesCountedFromNow(t *testing.T) {
	h := start(t)
	h.application("demo", "brief", func(s *session.Settings) { s.AccessTokenSeconds, s.OverlapSeconds = 60, 300 })
	first := h.issue("u", "brief")
	second := h.rotated(first, session.Rotated)
	h.Pass(90 * time.Second)
	again := h.rotated(first, session.Retried)
	a := h.access(again)
	if again.ExpiresIn != 60 || a.IssuedAt != h.Now().Unix() || a.Expires != a.IssuedAt+60 || a.ID != h.access(second).ID {
		t.Errorf("got %d s left, %+v, want 60 s from now and the id of the first answer", again.ExpiresIn, a)
	}
}
