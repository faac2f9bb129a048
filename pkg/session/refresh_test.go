package session

import (
	"sync"
	"testing"
	"time"
)

const (
	overlap = 30 * time.Second
	idle    = 30 * 24 * time.Hour
)

func TestARefreshRotates(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	w.pass(time.Hour)
	second := w.rotated(first, Rotated)
	s := second.Session
	if second.Refresh == first.Refresh || s.ID != first.Session.ID || s.Generation != 1 {
		t.Error("the refresh token did not become the next generation of the same session")
	}
	if !s.RotatedAt.Equal(w.now().Truncate(time.Millisecond)) || !s.IdleExpiresAt.Equal(s.RotatedAt.Add(idle)) ||
		!s.AbsoluteExpiresAt.Equal(first.Session.AbsoluteExpiresAt) {
		t.Error("the times are not those of the refresh")
	}
	a := w.access(second)
	if a.ID != s.AccessTokenID.String() || a.ID == w.access(first).ID || a.Generation != 1 ||
		a.IssuedAt != s.RotatedAt.Unix() || a.Expires != a.IssuedAt+900 || second.ExpiresIn != 900 {
		t.Errorf("access token %+v", a)
	}
	if a.Tenant != "demo" || a.User != "u" || a.Application != "web" || a.Audience != "web" || a.Session != s.ID.String() {
		t.Errorf("the access token is bound to something else: %+v", a)
	}
}

// Law 3: 64 concurrent refreshes of one token all answer with the same refresh token; the state changes once.
func TestConcurrentRefreshesAgree(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	var mu sync.Mutex
	refreshes, ids, outcomes := map[string]int{}, map[string]int{}, map[Outcome]int{}
	together(64, func(int) {
		g, err := w.refresh(first)
		if err != nil {
			t.Errorf("refresh: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		refreshes[g.Refresh.Reveal()]++
		ids[w.access(g).ID]++
		outcomes[g.Outcome]++
	})
	if len(refreshes) != 1 || len(ids) != 1 || outcomes[Rotated] != 1 || outcomes[Retried] != 63 || w.store.rotations != 1 {
		t.Errorf("%d refresh tokens, %d jti, outcomes %v, %d changes", len(refreshes), len(ids), outcomes, w.store.rotations)
	}
}

// Law 4: a retry is answered until exactly the overlap has passed since the rotation; retries never extend it.
func TestTheRetryWindow(t *testing.T) {
	for what, last := range map[string]struct {
		after time.Duration
		want  error
	}{
		"at once": {0, nil}, "exactly at the overlap": {overlap, nil}, "a millisecond later": {overlap + time.Millisecond, ErrReused},
	} {
		w := newWorld(t)
		first := w.issue("u", "web")
		second := w.rotated(first, Rotated)
		rotatedAt := w.now()
		for range 3 {
			if w.now().Sub(rotatedAt)+9*time.Second < last.after {
				w.pass(9 * time.Second)
				if again := w.rotated(first, Retried); again.Refresh != second.Refresh {
					t.Errorf("%s: another successor", what)
				}
			}
		}
		w.pass(last.after - w.now().Sub(rotatedAt))
		if last.want != nil {
			w.refused(first, last.want)
			continue
		}
		again := w.rotated(first, Retried)
		if again.Refresh != second.Refresh || w.access(again).ID != w.access(second).ID || w.access(again).Expires != w.access(second).Expires {
			t.Errorf("%s: the answer differs", what)
		}
		if w.store.rotations != 1 {
			t.Errorf("%s: %d changes", what, w.store.rotations)
		}
	}
}

// A repeated answer says what remains of the same access token.
func TestARetryAnswersWhatRemains(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	w.rotated(first, Rotated)
	w.pass(20 * time.Second)
	if again := w.rotated(first, Retried); again.ExpiresIn != 880 {
		t.Errorf("%d s remain", again.ExpiresIn)
	}
}

// Law 4: the window belongs to the immediate predecessor only and closes as soon as the successor has been used.
func TestTheWindowClosesOnceTheSuccessorIsUsed(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	second := w.rotated(first, Rotated)
	third := w.rotated(second, Rotated)
	w.refused(first, ErrReused)
	if w.store.has(first.Session.Key) {
		t.Error("reuse left the session there")
	}
	w.refused(third, ErrUnknown)
}

// Law 4: reuse ends the session, whichever old generation it was.
func TestReuseDeletes(t *testing.T) {
	for old := range 4 {
		w := newWorld(t)
		grants := []Grant{w.issue("u", "web")}
		other := w.issue("u", "web")
		for i := range 4 {
			grants = append(grants, w.rotated(grants[i], Rotated))
			w.pass(time.Minute)
		}
		w.refused(grants[old], ErrReused)
		w.refused(grants[old], ErrUnknown)
		w.refused(grants[4], ErrUnknown)
		if !w.live(other) {
			t.Error("another session of the user went too")
		}
	}
}

func TestReuseThatCannotDeleteIsAnError(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	w.rotated(first, Rotated)
	w.pass(time.Minute)
	w.store.failDelete = ErrUnavailable
	w.refused(first, ErrUnavailable)
	w.store.failDelete = ErrNoSession // someone else was faster
	w.refused(first, ErrReused)
}

// Law 4: our own earlier attempt went through and its answer was lost: success, whatever the overlap.
func TestALostReplyIsNoReuse(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "hasty", func(s *Settings) { s.OverlapSeconds = 0 })
	first := w.issue("u", "hasty")
	lost := true
	w.store.beforeRotate = func(r Rotation) error {
		if lost { // the SDK's first attempt: it is applied, its answer lost, and the SDK tries again much later
			lost = false
			s := w.store.sessions[r.Key]
			s = r.Apply(s)
			s.RotatedAt = s.RotatedAt.Add(-time.Hour)
			w.store.sessions[r.Key] = s
		}
		return nil
	}
	second := w.rotated(first, Retried)
	w.store.beforeRotate = nil
	w.rotated(second, Rotated)
}

// Law 3: a client that repeats after a lost reply of the store gets the successor that was written.
func TestAClientsRetryAfterALostReply(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	w.store.afterRotate = func(Rotation) error { return ErrUnavailable }
	w.refused(first, ErrUnavailable)
	w.store.afterRotate = nil
	second := w.rotated(first, Retried)
	w.rotated(second, Rotated)
}

// Law 4: an epoch that does not match refuses the answer even though the write went through.
func TestAnAdvancedEpochRefuses(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	if epoch, err := w.DeleteByApplication(t.Context(), "demo", "web"); err != nil || epoch != 1 {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
	w.refused(first, ErrUnknown)
	if w.store.rotations != 1 {
		t.Error("the write was expected to go through, for the application is read beside it")
	}
	w.refused(first, ErrUnknown)
	if w.live(first) {
		t.Error("a session of an older epoch is live")
	}
	w.rotated(w.issue("u", "web"), Rotated)
}

func TestRefreshWithoutItsApplication(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	delete(w.store.apps, [2]string{"demo", "web"})
	w.refused(first, ErrApplicationGone)
	if w.live(first) {
		t.Error("a session without its application is live")
	}
	w.application("demo", "web", nil)
	w.store.failApplication = ErrUnavailable
	w.refused(first, ErrUnavailable)
}

// Expiry is always checked in code, to the exact millisecond; idle and absolute, whichever is earlier.
func TestExpiry(t *testing.T) {
	each(t, map[string]struct {
		idle, absolute, life int64
	}{"idle": {10, 100, 10}, "absolute": {100, 10, 10}, "both": {10, 10, 10}}, func(t *testing.T, c struct{ idle, absolute, life int64 }) {
		for _, late := range []bool{false, true} {
			w := newWorld(t)
			w.application("demo", "brief", func(s *Settings) { s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = c.idle, c.absolute })
			g := w.issue("u", "brief")
			end := g.Session.CreatedAt.Add(time.Duration(c.life) * time.Second)
			if !g.Session.ExpiresAt().Equal(end) {
				t.Errorf("expires at %s instead of %s", g.Session.ExpiresAt(), end)
			}
			w.clock = end.Add(-time.Millisecond)
			if late {
				w.clock = end
			}
			if w.live(g) == late {
				t.Errorf("live = %v", late)
			}
			if late {
				w.refused(g, ErrExpired)
			} else {
				w.rotated(g, Rotated)
			}
		}
	})
}

// A refresh renews the idle expiry, never the absolute one; no access token outlives its session.
func TestNothingOutlivesTheAbsoluteExpiry(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "brief", func(s *Settings) { s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = 10, 35 })
	g := w.issue("u", "brief")
	end := g.Session.CreatedAt.Add(35 * time.Second)
	for range 3 {
		w.pass(9 * time.Second)
		g = w.rotated(g, Rotated)
		if a := w.access(g); a.Expires > end.Unix() || g.ExpiresIn > 35 {
			t.Errorf("the access token expires at %d, the session at %d", a.Expires, end.Unix())
		}
	}
	w.clock = end
	w.refused(g, ErrExpired)
}

// A reusable session only extends its idle expiry; each refresh has its own access token.
func TestReusable(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "service")
	w.pass(time.Hour)
	second := w.rotated(first, Extended)
	if second.Refresh != first.Refresh || second.Session.Generation != 0 || w.access(second).ID == w.access(first).ID {
		t.Error("a reusable token changed, or its access token did not")
	}
	if !second.Session.IdleExpiresAt.Equal(w.now().Truncate(time.Millisecond).Add(idle)) {
		t.Error("the idle expiry was not extended")
	}
	together(16, func(int) {
		if _, err := w.refresh(first); err != nil {
			t.Errorf("refresh: %v", err)
		}
	})
	w.pass(idle)
	w.refused(first, ErrExpired)
}

// The policy is a snapshot of the settings at issue.
func TestChangedSettingsChangeNoSession(t *testing.T) {
	w := newWorld(t)
	first := w.issue("u", "web")
	w.application("demo", "web", func(s *Settings) {
		s.AccessTokenSeconds, s.RefreshIdleSeconds, s.OverlapSeconds, s.Usage = 1, 1, 0, Reusable
		s.RequireAccessTokenPresent = true
	})
	second := w.rotated(first, Rotated)
	if second.ExpiresIn != 900 || !second.Session.IdleExpiresAt.Equal(second.Session.RotatedAt.Add(idle)) {
		t.Error("new settings reached an old session")
	}
	w.pass(overlap)
	w.rotated(first, Retried)
}
