package session

import (
	"errors"
	"testing"
	"time"
)

// Introspecting a superseded token, of either kind, says inactive and is no reuse.
func TestIntrospection(t *testing.T) {
	w := newWorld(t)
	first := w.issue("alice", "web")
	second := w.rotated(first, Rotated)
	all := Caller{Tenant: "demo"}
	for name, c := range map[string]struct {
		caller Caller
		text   string
		want   error
	}{
		"current refresh token":      {all, second.Refresh.Reveal(), nil},
		"current access token":       {all, second.Access.Reveal(), nil},
		"superseded refresh token":   {all, first.Refresh.Reveal(), ErrNoSession},
		"superseded access token":    {all, first.Access.Reveal(), ErrNoSession},
		"no token":                   {all, "nothing", ErrNoSession},
		"refresh token, other":       {Caller{Tenant: "other"}, second.Refresh.Reveal(), ErrNoSession},
		"access token, other tenant": {Caller{Tenant: "other"}, second.Access.Reveal(), ErrNoSession},
		"another user's":             {Caller{Tenant: "demo", User: "bob"}, second.Access.Reveal(), ErrNoSession},
	} {
		found, err := w.Introspect(t.Context(), c.caller, c.text)
		if !errors.Is(err, c.want) || (err == nil && found.Session.ID != second.Session.ID) {
			t.Errorf("%s: %v %v", name, found.Session.ID, err)
		}
	}
	if !w.live(second) {
		t.Error("looking at a superseded token ended the session")
	}
	w.pass(time.Hour)
	if _, err := w.Introspect(t.Context(), all, second.Access.Reveal()); !errors.Is(err, ErrNoSession) {
		t.Errorf("an expired access token is active: %v", err)
	}
}

// Whoever holds a token of a session, of whatever kind or age, ends it; a foreign client does not.
func TestRevocation(t *testing.T) {
	for name, text := range map[string]func(w *world, first, second Grant) string{
		"current refresh token": func(_ *world, _, second Grant) string { return second.Refresh.Reveal() },
		"old refresh token":     func(_ *world, first, _ Grant) string { return first.Refresh.Reveal() },
		"current access token":  func(_ *world, _, second Grant) string { return second.Access.Reveal() },
		"expired access token":  func(w *world, first, _ Grant) string { w.pass(time.Hour); return first.Access.Reveal() },
	} {
		w := newWorld(t)
		first := w.issue("alice", "web")
		second := w.rotated(first, Rotated)
		bystander := w.issue("alice", "web")
		presented := text(w, first, second)
		if err := w.Revoke(t.Context(), presented, "service"); !errors.Is(err, ErrOtherApplication) || !w.live(second) {
			t.Errorf("%s: a foreign client got %v", name, err)
		}
		if err := w.Revoke(t.Context(), presented, "web"); err != nil || w.live(second) || !w.live(bystander) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.Revoke(t.Context(), presented, ""); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
	if err := newWorld(t).Revoke(t.Context(), "nothing", "web"); err != nil {
		t.Errorf("no token: %v", err)
	}
}
