package session_test

import (
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Law 11: idle time, usage and requireAccessToken hold for sessions issued from then on.
func TestSomeSettingsHoldForNewSessionsAlone(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	h.application("demo", "web", func(s *session.Settings) {
		s.RefreshIdleSeconds, s.Usage, s.RequireAccessTokenPresent = 1, session.Reusable, true
	})
	second := h.rotated(first, session.Rotated)
	if want := second.Session.RotatedAt().Add(idle); !second.Session.IdleExpiresAt.Equal(want) {
		t.Errorf("got idle expiry %v, want %v", second.Session.IdleExpiresAt, want)
	}
	h.Pass(overlap)
	h.rotated(first, session.Retried)
}

// Law 11: the stricter of the session's copy and the application counts, without a write. Nothing is loosened.
func TestWhatTheOwnerTightensReachesLivingSessions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*session.Settings)
		// After the change: the life of the next access token in seconds, the age at which the session refreshes last, and
		// the longest overlap.
		access  int64
		age     time.Duration
		overlap time.Duration
	}{
		"nothing":         {nil, 900, 180*24*time.Hour - time.Second, 30 * time.Second},
		"access lifetime": {func(s *session.Settings) { s.AccessTokenSeconds = 60 }, 60, 180*24*time.Hour - time.Second, 30 * time.Second},
		"absolute life":   {func(s *session.Settings) { s.RefreshAbsoluteSeconds = 100 }, 98, 99 * time.Second, 30 * time.Second},
		"overlap":         {func(s *session.Settings) { s.OverlapSeconds = 5 }, 900, 180*24*time.Hour - time.Second, 5 * time.Second},
		"all, loosened": {func(s *session.Settings) {
			s.AccessTokenSeconds, s.RefreshAbsoluteSeconds, s.OverlapSeconds = 86400, 300*24*3600, 3600
		}, 900, 180*24*time.Hour - time.Second, 30 * time.Second},
	} {
		issued := func() (*harness, session.Grant) {
			h := start(t)
			h.application("demo", "web", func(s *session.Settings) { s.RefreshIdleSeconds = 300 * 24 * 3600 })
			g := h.issue("u", "web")
			h.application("demo", "web", c.change)
			return h, g
		}
		h, g := issued()
		h.Pass(2*time.Second - h.Now().Sub(g.Session.CreatedAt))
		next := h.rotated(g, session.Rotated)
		if next.ExpiresIn != c.access || h.access(next).Expires-h.Now().Unix() != c.access {
			t.Errorf("%s: got an access token of %d s, want %d", name, next.ExpiresIn, c.access)
		}
		end := g.Session.CreatedAt.Add(c.age + time.Second)
		listed, _, err := h.List(t.Context(), session.ListRequest{Tenant: "demo", User: "u", Limit: 1})
		h.want("list", err, nil)
		read, err := h.Retrieve(t.Context(), userU, g.Session.ID)
		h.want("retrieve", err, nil)
		for _, shown := range []session.Session{next.Session, listed[0], read} {
			if !shown.AbsoluteExpiresAt.Equal(end) {
				t.Errorf("%s: got the end %v, want %v", name, shown.AbsoluteExpiresAt, end)
			}
		}
		if stored := h.remains("u")[0]; !stored.AbsoluteExpiresAt.Equal(g.Session.AbsoluteExpiresAt) {
			t.Errorf("%s: got the stored end %v, want that of the issue, %v", name, stored.AbsoluteExpiresAt, g.Session.AbsoluteExpiresAt)
		}

		h, g = issued()
		h.Pass(c.age - h.Now().Sub(g.Session.CreatedAt))
		h.rotated(g, session.Rotated)
		h, g = issued()
		h.Pass(c.age + time.Millisecond - h.Now().Sub(g.Session.CreatedAt))
		h.refused(g, session.ErrExpired)

		h, g = issued()
		h.rotated(g, session.Rotated)
		h.Pass(c.overlap)
		h.rotated(g, session.Retried)
		h.Pass(time.Millisecond)
		h.refused(g, session.ErrReused)
	}
}

// Law 11: an absolute end that only the application knows refuses as expired although the write went through, a retry of
// the request and a token that rolls forward included.
func TestAnEndThatOnlyTheApplicationKnowsRefusesAfterTheWrite(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	h.rotated(h.issue("u", "web"), session.Rotated) // the container has read the application
	h.application("demo", "web", func(s *session.Settings) { s.RefreshAbsoluteSeconds = 10 })
	h.Pass(10 * time.Second)
	rotations := h.store.rotations.Load()
	h.refused(g, session.ErrExpired)
	if got := h.store.rotations.Load() - rotations; got != 1 {
		t.Errorf("got %d applied writes, want 1", got)
	}
	h.refused(g, session.ErrExpired) // never a reuse
	if h.live(g) {
		t.Error("got a live session, want one that is over")
	}
	if _, err := h.update(g, session.Patch{Supersede: true}); err == nil {
		t.Error("got an updated session, want none")
	}
	_, err := h.Delete(t.Context(), anyUser, g.Session.ID)
	h.want("delete", err, session.ErrNoSession)
}

// Law 11: the life of access tokens is counted from iat, for those handed out before too.
func TestAShorterAccessLifetimeEndsAccessTokensHandedOutBefore(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	h.application("demo", "web", func(s *session.Settings) { s.AccessTokenSeconds = 60 })
	iat := time.Unix(h.access(g).IssuedAt, 0)
	h.Pass(iat.Add(time.Minute - time.Millisecond).Sub(h.Now()))
	found, err := h.Introspect(t.Context(), anyUser, g.Access.Reveal())
	if err != nil || found.Access.Expires != iat.Add(time.Minute).Unix() {
		t.Fatalf("got %+v, %v; want an active token until a minute after iat", found.Access, err)
	}
	h.Pass(time.Millisecond)
	_, err = h.Introspect(t.Context(), anyUser, g.Access.Reveal())
	h.want("introspect", err, session.ErrNoSession)
}

// An update shortens the end that counts, and writes no end of the application's.
func TestAnUpdateShortensTheEndThatCounts(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	h.application("demo", "web", func(s *session.Settings) { s.RefreshAbsoluteSeconds = 3600 })
	end := g.Session.CreatedAt.Add(time.Hour)
	h.faulty(g, session.Patch{AbsoluteExpiresAt: end.Add(time.Millisecond)}, "absoluteExpiresAt outOfRange")
	shown := h.updated(g, session.Patch{Scope: ptr("read"), AbsoluteExpiresAt: end})
	if stored := h.remains("u")[0]; !shown.AbsoluteExpiresAt.Equal(end) || !stored.AbsoluteExpiresAt.Equal(g.Session.AbsoluteExpiresAt) {
		t.Errorf("got %v shown, %v stored; want %v, %v", shown.AbsoluteExpiresAt, stored.AbsoluteExpiresAt, end, g.Session.AbsoluteExpiresAt)
	}
	end = end.Add(-time.Minute)
	h.updated(g, session.Patch{AbsoluteExpiresAt: end})
	if stored := h.remains("u")[0]; !stored.AbsoluteExpiresAt.Equal(end) {
		t.Errorf("got %v stored, want %v", stored.AbsoluteExpiresAt, end)
	}
}
