package session_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	overlap = 30 * time.Second
	idle    = 30 * 24 * time.Hour
)

func TestARefreshMakesTheNextGenerationOfTheSameSession(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	h.Pass(time.Hour)
	second := h.rotated(first, session.Rotated)
	s := second.Session
	if second.Refresh == first.Refresh || s.ID != first.Session.ID || s.Generation != 1 {
		t.Errorf("got generation %d of session %s, want 1 of %s and another token", s.Generation, s.ID, first.Session.ID)
	}
	if !s.RotatedAt().Equal(h.Now().Truncate(time.Millisecond)) || !s.IdleExpiresAt.Equal(s.RotatedAt().Add(idle)) ||
		!s.AbsoluteExpiresAt.Equal(first.Session.AbsoluteExpiresAt) {
		t.Errorf("got rotated %v, idle %v, absolute %v, want %v, %v later and %v", s.RotatedAt(), s.IdleExpiresAt, s.AbsoluteExpiresAt, h.Now(), idle, first.Session.AbsoluteExpiresAt)
	}
	a := h.access(second)
	if a.ID != s.AccessTokenID.String() || a.ID == h.access(first).ID || a.SessionVersion != 0 ||
		a.IssuedAt != s.RotatedAt().Unix() || a.Expires != a.IssuedAt+900 || second.ExpiresIn != 900 {
		t.Errorf("got access token %+v, want another one of 900 s with the id and the time of %+v", a, s)
	}
	if a.Tenant != "demo" || a.User != "u" || a.Application != "web" || !slices.Equal(a.Audience, token.Audience{"web"}) || a.Session != s.ID.String() {
		t.Errorf("got access token %+v, want it bound to %v", a, s.Key)
	}
}

// Law 3: 64 concurrent refreshes of one token return the same refresh token. The state changes once.
func TestConcurrentRefreshesGetTheSameSuccessor(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	var mu sync.Mutex
	refreshes, ids, outcomes := map[string]int{}, map[string]int{}, map[session.Outcome]int{}
	together(64, func(int) {
		g, err := h.refresh(first)
		if err != nil {
			t.Errorf("refresh: got %v, want success", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		refreshes[g.Refresh.Reveal()]++
		ids[h.access(g).ID]++
		outcomes[g.Outcome]++
	})
	changes := h.store.rotations.Load()
	if len(refreshes) != 1 || len(ids) != 1 || outcomes[session.Rotated] != 1 || outcomes[session.Retried] != 63 || changes != 1 {
		t.Errorf("got %d refresh tokens, %d jti, %d changes, outcomes %v, want 1, 1, 1 and 63 retries", len(refreshes), len(ids), changes, outcomes)
	}
}

// Law 4: a retry is answered until the overlap after the rotation has passed. Retries do not extend it.
func TestARetryIsAnsweredUntilTheOverlapEnds(t *testing.T) {
	for what, last := range map[string]struct {
		after time.Duration
		want  error
	}{
		"at once": {0, nil}, "exactly at the overlap": {overlap, nil}, "a millisecond later": {overlap + time.Millisecond, session.ErrReused},
	} {
		h := start(t)
		first := h.issue("u", "web")
		second := h.rotated(first, session.Rotated)
		rotatedAt := h.Now()
		for range 3 {
			if h.Now().Sub(rotatedAt)+9*time.Second < last.after {
				h.Pass(9 * time.Second)
				if again := h.rotated(first, session.Retried); again.Refresh != second.Refresh {
					t.Errorf("%s: got another successor, want the same", what)
				}
			}
		}
		h.Pass(last.after - h.Now().Sub(rotatedAt))
		if last.want != nil {
			h.refused(first, last.want)
			continue
		}
		again := h.rotated(first, session.Retried)
		if again.Refresh != second.Refresh || h.access(again).ID != h.access(second).ID {
			t.Errorf("%s: got another successor or access token, want the same", what)
		}
		if got := h.store.rotations.Load(); got != 1 {
			t.Errorf("%s: got %d changes, want 1", what, got)
		}
	}
}

// Law 4: the window of a token runs from its own rotation, and the use of its successor does not close it.
func TestTheUseOfTheSuccessorDoesNotCloseTheWindow(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	second := h.rotated(first, session.Rotated)
	h.Pass(20 * time.Second)
	third := h.rotated(second, session.Rotated)
	h.Pass(10 * time.Second)
	if again := h.rotated(first, session.Retried); again.Refresh != third.Refresh {
		t.Error("got another token, want the current one")
	}
	h.Pass(time.Millisecond)
	if again := h.rotated(second, session.Retried); again.Refresh != third.Refresh {
		t.Error("got another token, want the current one")
	}
	h.refused(first, session.ErrReused)
	if left := h.remains("u"); len(left) != 0 {
		t.Errorf("got %d sessions after reuse, want none", len(left))
	}
	h.refused(third, session.ErrUnknown)
}

// Law 4: reuse ends the session, whichever old generation it was.
func TestReuseOfAnyGenerationEndsItsSessionAlone(t *testing.T) {
	for old := range 4 {
		h := start(t)
		grants := []session.Grant{h.issue("u", "web")}
		other := h.issue("u", "web")
		for i := range 4 {
			grants = append(grants, h.rotated(grants[i], session.Rotated))
			h.Pass(time.Minute)
		}
		h.refused(grants[old], session.ErrReused)
		h.refused(grants[old], session.ErrUnknown)
		h.refused(grants[4], session.ErrUnknown)
		if !h.live(other) {
			t.Errorf("generation %d, another session of the user: got it ended, want it live", old)
		}
	}
}

func TestReuseThatCannotEndTheSessionIsUnavailable(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	h.rotated(first, session.Rotated)
	h.Pass(time.Minute)
	h.store.failDelete = session.ErrUnavailable
	h.refused(first, session.ErrUnavailable)
	h.store.failDelete = session.ErrNoSession // another request was faster
	h.refused(first, session.ErrReused)
}

// Law 4: an earlier attempt of the same request was applied and its reply was lost. The request succeeds, whatever the
// overlap.
func TestAWriteWhoseReplyWasLostIsNotReuse(t *testing.T) {
	h := start(t)
	h.application("demo", "hasty", func(s *session.Settings) { s.OverlapSeconds = 0 })
	first := h.issue("u", "hasty")
	h.store.before = func(r session.Rotation) error {
		// The SDK's first attempt: it was applied an hour ago, its reply was lost, and the SDK tries again.
		h.store.before = nil
		r.Now = r.Now.Add(-time.Hour)
		_, _, err := h.store.Store.Rotate(t.Context(), r)
		return err
	}
	second := h.rotated(first, session.Rotated)
	h.rotated(second, session.Rotated)
}

// Law 3: a client that repeats after a lost reply of the store gets the successor that was written.
func TestAClientsRetryAfterALostReplyGetsTheSuccessor(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	h.store.after = func(session.Rotation) error { return session.ErrUnavailable }
	h.refused(first, session.ErrUnavailable)
	h.store.after = nil
	second := h.rotated(first, session.Retried)
	h.rotated(second, session.Rotated)
}

// Law 4: an epoch that does not match refuses the answer, even if the write was applied.
func TestAnAdvancedEpochRefusesTheAnswerToAnAppliedWrite(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	if _, err := h.DeleteByApplication(t.Context(), "demo", "web"); err != nil {
		t.Fatal(err)
	}
	h.refused(first, session.ErrUnknown)
	if got := h.store.rotations.Load(); got != 1 {
		t.Errorf("got %d applied writes, want 1: the application is read beside the write", got)
	}
	h.refused(first, session.ErrUnknown)
	if h.live(first) {
		t.Error("got a session of an older epoch live, want it over")
	}
	h.rotated(h.issue("u", "web"), session.Rotated)
}

func TestARefreshNeedsTheApplication(t *testing.T) {
	h := start(t)
	first := h.issue("u", "web")
	h.store.absent = "web"
	h.refused(first, session.ErrApplicationGone)
	if h.live(first) {
		t.Error("got a session without its application live, want it over")
	}
	h.store.absent = ""
	h.store.failApplication = session.ErrUnavailable
	h.refused(first, session.ErrUnavailable)
}

// The code checks the expiry to the millisecond: the idle or the absolute one, whichever is earlier.
func TestASessionEndsAtTheEarlierExpiry(t *testing.T) {
	for name, c := range map[string]struct {
		idle, absolute int64
		lastSecond     time.Duration // refuses already
	}{"idle": {10, 100, 0}, "absolute": {100, 10, time.Second - time.Millisecond}, "both": {10, 10, time.Second - time.Millisecond}} {
		for _, late := range []bool{false, true} {
			h := start(t)
			h.application("demo", "brief", func(s *session.Settings) { s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = c.idle, c.absolute })
			g := h.issue("u", "brief")
			end := g.Session.CreatedAt.Add(10 * time.Second)
			if got := g.Session.ExpiresAt(); !got.Equal(end) {
				t.Errorf("%s: got expiry %s, want %s", name, got, end)
			}
			h.Pass(end.Sub(h.Now()) - c.lastSecond - time.Millisecond)
			if late {
				h.Pass(time.Millisecond)
			}
			if got := h.live(g); got == late {
				t.Errorf("%s: got live %v, want %v", name, got, !late)
			}
			if late {
				h.refused(g, session.ErrExpired)
			} else {
				h.rotated(g, session.Rotated)
			}
		}
	}
}

// A refresh renews the idle expiry and keeps the absolute one. No access token outlives its session.
func TestNothingOutlivesTheAbsoluteExpiry(t *testing.T) {
	h := start(t)
	h.application("demo", "brief", func(s *session.Settings) { s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = 10, 35 })
	g := h.issue("u", "brief")
	end := g.Session.CreatedAt.Add(35 * time.Second)
	for range 3 {
		h.Pass(9 * time.Second)
		g = h.rotated(g, session.Rotated)
		if a := h.access(g); a.Expires > end.Unix() || g.ExpiresIn > 35 {
			t.Errorf("got an access token until %d, want at most %d", a.Expires, end.Unix())
		}
	}
	h.Pass(end.Sub(h.Now()))
	h.refused(g, session.ErrExpired)
}

// A refresh of a reusable session only extends its idle expiry. Each refresh has its own access token.
func TestAReusableTokenStaysAndItsIdleExpiryMoves(t *testing.T) {
	h := start(t)
	first := h.issue("u", "service")
	h.Pass(time.Hour)
	second := h.rotated(first, session.Extended)
	if second.Refresh != first.Refresh || second.Session.Generation != 0 || h.access(second).ID == h.access(first).ID {
		t.Errorf("got generation %d, access token %s, want the same token and another access token", second.Session.Generation, h.access(second).ID)
	}
	if !second.Session.IdleExpiresAt.Equal(h.Now().Truncate(time.Millisecond).Add(idle)) {
		t.Errorf("got idle expiry %v at %v, want %v later", second.Session.IdleExpiresAt, h.Now(), idle)
	}
	together(16, func(int) {
		if _, err := h.refresh(first); err != nil {
			t.Errorf("refresh: got %v, want success", err)
		}
	})
	h.Pass(idle)
	h.refused(first, session.ErrExpired)
}
