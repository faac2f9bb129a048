package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// RFC 7662: only a usable token of the caller is active. Introspection of a superseded refresh token does not count as
// reuse.
func TestOnlyAUsableTokenOfTheCallerIsActive(t *testing.T) {
	h := start(t)
	first := h.issue("alice", "web")
	second := h.rotated(first, session.Rotated)
	for name, c := range map[string]struct {
		caller session.Caller
		text   string
		want   error
	}{
		"current refresh token":       {anyUser, second.Refresh.Reveal(), nil},
		"current access token":        {anyUser, second.Access.Reveal(), nil},
		"superseded refresh token":    {anyUser, first.Refresh.Reveal(), session.ErrNoSession},
		"earlier access token":        {anyUser, first.Access.Reveal(), nil},
		"another string":              {anyUser, "nothing", session.ErrNoSession},
		"refresh token, other tenant": {session.Caller{Tenant: "other"}, second.Refresh.Reveal(), session.ErrNoSession},
		"access token, other tenant":  {session.Caller{Tenant: "other"}, second.Access.Reveal(), session.ErrNoSession},
		"another user's":              {userU, second.Access.Reveal(), session.ErrNoSession},
	} {
		found, err := h.Introspect(t.Context(), c.caller, c.text)
		if !errors.Is(err, c.want) || (err == nil && found.Session.ID != second.Session.ID) {
			t.Errorf("%s: got %v, %v, want %v", name, found.Session.ID, err, c.want)
		}
	}
	if !h.live(second) {
		t.Error("introspection of a superseded token: got the session ended, want it live")
	}
	h.Pass(time.Hour)
	if _, err := h.Introspect(t.Context(), anyUser, second.Access.Reveal()); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("an expired access token: got %v, want %v", err, session.ErrNoSession)
	}
}

// RFC 7009: a token of either kind and any age revokes its session. The request of another client does not.
func TestAnyTokenOfASessionRevokesIt(t *testing.T) {
	for name, text := range map[string]func(h *harness, first, second session.Grant) string{
		"current refresh token": func(_ *harness, _, second session.Grant) string { return second.Refresh.Reveal() },
		"old refresh token":     func(_ *harness, first, _ session.Grant) string { return first.Refresh.Reveal() },
		"current access token":  func(_ *harness, _, second session.Grant) string { return second.Access.Reveal() },
		"expired access token": func(h *harness, first, _ session.Grant) string {
			h.Pass(time.Hour)
			return first.Access.Reveal()
		},
	} {
		h := start(t)
		first := h.issue("alice", "web")
		second := h.rotated(first, session.Rotated)
		bystander := h.issue("alice", "web")
		presented := text(h, first, second)
		if err := h.Revoke(t.Context(), presented, "service"); !errors.Is(err, session.ErrOtherApplication) || !h.live(second) {
			t.Errorf("%s, another client: got %v, live %v, want %v and live", name, err, h.live(second), session.ErrOtherApplication)
		}
		err := h.Revoke(t.Context(), presented, "web")
		if got := [2]bool{h.live(second), h.live(bystander)}; err != nil || got != [2]bool{false, true} {
			t.Errorf("%s: got %v, the session and another one live: %v, want [false true]", name, err, got)
		}
		for _, again := range []string{presented, "nothing"} {
			if err := h.Revoke(t.Context(), again, ""); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("%s, then an unknown token: got %v, want %v", name, err, session.ErrNoSession)
			}
		}
	}
}
