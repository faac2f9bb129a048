package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// An update by user works for five seconds. What is left is counted, and a repetition does it.
func TestAnUpdateByUserStopsWhenItsTimeIsOver(t *testing.T) {
	h := start(t)
	var grants []session.Grant
	for range 5 {
		grants = append(grants, h.issue("u", "web"))
	}
	store := updating{h.store, func() { h.Pass(2 * time.Second) }}
	updater := session.NewUserUpdater(store, h.Now)
	all, p := session.Query{Tenant: "demo", User: "u"}, session.Patch{Claims: json.RawMessage(`{"a":1}`)}
	var got []string
	for _, want := range []int{2, 0} {
		ids, remaining, err := updater.UpdateByUser(t.Context(), all, p)
		if err != nil || remaining != want {
			t.Fatalf("got %v, %d remaining, %v; want %d remaining", ids, remaining, err, want)
		}
		for _, id := range ids {
			got = append(got, id.String())
		}
	}
	for i := range grants {
		if newest := grants[len(grants)-1-i].Session.ID.String(); len(got) != 5 || got[i] != newest {
			t.Fatalf("got %v, want all five, newest first", got)
		}
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(900*time.Millisecond))
	defer cancel()
	if ids, remaining, err := h.UpdateByUser(ctx, all, session.Patch{Supersede: true}); len(ids) != 0 || remaining != 5 || err != nil {
		t.Errorf("shortly before the deadline: got %v, %d, %v; want 5 remaining", ids, remaining, err)
	}
}

// By user, sessions that end earlier keep their end, and a patch that fits one of the sessions not changes none.
func TestAnUpdateByUserIsForAllSessionsOrNone(t *testing.T) {
	h := start(t)
	h.application("demo", "brief", func(s *session.Settings) { s.RefreshAbsoluteSeconds = 3600 })
	brief, long := h.issue("u", "brief"), h.issue("u", "web")
	all := session.Query{Tenant: "demo", User: "u"}
	end := h.Now().Add(2 * time.Hour).Truncate(time.Millisecond)
	ids, _, err := h.UpdateByUser(t.Context(), all, session.Patch{AbsoluteExpiresAt: end})
	if err != nil || len(ids) != 1 || ids[0] != long.Session.ID {
		t.Fatalf("got %v, %v; want the one that ends later", ids, err)
	}
	h.updated(brief, session.Patch{Claims: json.RawMessage(`{"a":"` + strings.Repeat("x", 1500) + `"}`)})
	_, _, err = h.UpdateByUser(t.Context(), all, session.Patch{Claims: json.RawMessage(`{"b":"` + strings.Repeat("x", 1500) + `"}`)})
	var bad *session.InputError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want a field at fault", err)
	}
	for _, s := range h.remains("u") {
		if strings.Contains(string(s.Claims), `"b"`) {
			t.Errorf("got %s, want no session changed", s.Claims)
		}
	}
}
