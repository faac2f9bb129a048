package session_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// modelled is one session as the laws describe it.
type modelled struct {
	grants    []session.Grant // one per generation
	rotatedAt []time.Time     // by the generation that was rotated
	keys      []int           // by generation: which key in the order of their making signed it
	idleUntil time.Time
	absolute  time.Time
	created   time.Time
	overlap   time.Duration // of the application at issue
	scope     string
	version   uint32
	epoch     int
	deleted   bool
	reusable  bool
}

// model is a specification of the whole service for one user and its applications.
type model struct {
	*harness
	sessions []*modelled
	epochs   map[string]int
	settings map[string]session.Settings
	key      int // the active token key, in the order of their making
}

const (
	modelIdle     = 100 * time.Second
	modelAbsolute = 400 * time.Second
	modelOverlap  = 10 * time.Second
)

func newModel(t *rapid.T) *model {
	m := &model{harness: start(t), epochs: map[string]int{}, settings: map[string]session.Settings{}}
	for _, usage := range []session.Usage{session.OneTime, session.Reusable} {
		m.setting(string(usage), modelAbsolute, modelOverlap)
	}
	return m
}

func (m *model) setting(usage string, absolute, overlap time.Duration) {
	m.application("demo", usage, func(s *session.Settings) {
		s.Usage, s.RefreshIdleSeconds, s.MaxSessionsPerUser = session.Usage(usage), 100, 0
		s.RefreshAbsoluteSeconds, s.OverlapSeconds = int64(absolute.Seconds()), int64(overlap.Seconds())
		m.settings[usage] = *s
	})
}

// change makes an application stricter, or its overlap less strict (law 11). A longer life would revive a session that a
// refresh has rotated and refused.
func (m *model) change(t *rapid.T) {
	usage := rapid.SampledFrom([]session.Usage{session.OneTime, session.Reusable}).Draw(t, "usage")
	absolute := time.Duration(m.settings[string(usage)].RefreshAbsoluteSeconds) * time.Second
	absolute = min(absolute, rapid.SampledFrom([]time.Duration{modelAbsolute, modelAbsolute / 2}).Draw(t, "absolute"))
	overlap := rapid.SampledFrom([]time.Duration{modelOverlap, 0, modelOverlap / 2, 2 * modelOverlap}).Draw(t, "overlap")
	m.setting(string(usage), absolute, overlap)
}

// end is the absolute end that counts.
func (m *model) end(s *modelled) time.Time {
	if end := s.created.Add(time.Duration(m.settings[s.application()].RefreshAbsoluteSeconds) * time.Second); end.Before(s.absolute) {
		return end
	}
	return s.absolute
}

// update changes a session by its id.
func (m *model) update(t *rapid.T) {
	s := m.pick(t)
	p := session.Patch{Supersede: rapid.Bool().Draw(t, "supersede"), Scope: ptr(rapid.SampledFrom([]string{"", "a", "a b"}).Draw(t, "scope"))}
	if rapid.IntRange(0, 3).Draw(t, "shorten") == 0 && m.live(s) {
		p.AbsoluteExpiresAt = m.ms().Add(m.end(s).Sub(m.ms()) / 2).Truncate(time.Millisecond)
	}
	live := m.live(s)
	got, err := m.Update(m.t.Context(), userU, s.grants[0].Session.ID, p)
	if live != (err == nil) || err != nil && !errors.Is(err, session.ErrNoSession) {
		t.Fatalf("update: got %v, want success %v or %v", err, live, session.ErrNoSession)
	}
	if err != nil {
		return
	}
	if s.scope = *p.Scope; p.Supersede {
		s.version++
	}
	if !p.AbsoluteExpiresAt.IsZero() {
		s.absolute = p.AbsoluteExpiresAt
	}
	if got.Scope != s.scope || got.SessionVersion != s.version || !got.AbsoluteExpiresAt.Equal(m.end(s)) {
		t.Fatalf("update: got %+v, want %+v", got, s)
	}
}

// ms is the clock as sessions see it.
func (m *model) ms() time.Time { return m.Now().Truncate(time.Millisecond) }

func (m *model) live(s *modelled) bool {
	now := m.ms()
	return !s.deleted && s.epoch == m.epochs[s.application()] && now.Before(s.idleUntil) && !now.Add(time.Second).After(m.end(s))
}

func (s *modelled) application() string { return s.grants[0].Session.Application }

func (m *model) begin(t *rapid.T) {
	usage := rapid.SampledFrom([]session.Usage{session.OneTime, session.OneTime, session.Reusable}).Draw(t, "usage")
	now, settings := m.ms(), m.settings[string(usage)]
	g := m.issue("u", string(usage))
	m.sessions = append(m.sessions, &modelled{
		grants: []session.Grant{g}, idleUntil: now.Add(modelIdle), created: now,
		absolute: now.Add(time.Duration(settings.RefreshAbsoluteSeconds) * time.Second),
		overlap:  time.Duration(settings.OverlapSeconds) * time.Second,
		epoch:    m.epochs[string(usage)], keys: []int{m.key}, reusable: usage == session.Reusable,
	})
}

func (m *model) pick(t *rapid.T) *modelled {
	if len(m.sessions) == 0 {
		t.Skip("no session yet")
	}
	return rapid.SampledFrom(m.sessions).Draw(t, "session")
}

// expect is law 4: what presenting the token of a generation leads to.
func (m *model) expect(s *modelled, generation int) (session.Outcome, error) {
	now, current := m.ms(), len(s.grants)-1
	overlap := min(s.overlap, time.Duration(m.settings[s.application()].OverlapSeconds)*time.Second)
	switch {
	case s.deleted, s.epoch != m.epochs[s.application()]:
		return "", session.ErrUnknown
	case !now.Before(s.idleUntil), now.Add(time.Second).After(m.end(s)):
		return "", session.ErrExpired
	case s.reusable:
		return session.Extended, nil
	case generation == current:
		return session.Rotated, nil
	case current-generation > 6 || now.Sub(s.rotatedAt[generation]) > overlap:
		return "", session.ErrReused
	}
	for between := generation + 1; between < current; between++ {
		if s.keys[between] != s.keys[current] && s.keys[between] < m.key-1 {
			return "", session.ErrDroppedKey // neither the current token's key, nor the active one, nor the one before it
		}
	}
	return session.Retried, nil
}

func (m *model) present(t *rapid.T) {
	s := m.pick(t)
	generation := len(s.grants) - 1 - rapid.IntRange(0, min(7, len(s.grants)-1)).Draw(t, "generations back")
	want, wantErr := m.expect(s, generation)
	got, err := m.refresh(s.grants[generation])
	if got.Outcome != want || !errors.Is(err, wantErr) {
		t.Fatalf("generation %d of %d: got %q, %v, want %q, %v", generation, len(s.grants)-1, got.Outcome, err, want, wantErr)
	}
	newest := s.grants[len(s.grants)-1]
	if want == session.Rotated {
		s.grants, s.rotatedAt, s.keys = append(s.grants, got), append(s.rotatedAt, m.ms()), append(s.keys, m.key)
	}
	if want == session.Rotated || want == session.Extended {
		s.idleUntil = m.ms().Add(modelIdle)
	}
	switch {
	case errors.Is(err, session.ErrReused):
		s.deleted = true
	case want == session.Retried && (got.Refresh != newest.Refresh || m.access(got).ID != m.access(newest).ID):
		t.Fatalf("retry: got access token %s, want the refresh token and %s of the newest answer", m.access(got).ID, m.access(newest).ID)
	case want == session.Extended && got.Refresh != newest.Refresh, want == session.Rotated && got.Refresh == newest.Refresh:
		t.Fatalf("%s: got the same token %v, want %v", want, got.Refresh == newest.Refresh, want == session.Extended)
	}
}

func (m *model) remove(t *rapid.T) {
	s := m.pick(t)
	wasLive := m.live(s)
	var err error
	if rapid.Bool().Draw(t, "by string") {
		_, err = m.DeleteByToken(m.t.Context(), anyUser, rapid.SampledFrom(s.grants).Draw(t, "grant").Refresh.Reveal())
	} else {
		_, err = m.Delete(m.t.Context(), anyUser, s.grants[0].Session.ID)
	}
	if wasLive != (err == nil) || err != nil && !errors.Is(err, session.ErrNoSession) {
		t.Fatalf("delete: got %v, want success %v or %v", err, wasLive, session.ErrNoSession)
	}
	s.deleted = true
}

func (m *model) removeUser(t *rapid.T) {
	app := rapid.SampledFrom([]string{"", string(session.OneTime), string(session.Reusable)}).Draw(t, "application")
	want := 0
	for _, s := range m.sessions {
		if app == "" || app == s.application() {
			if m.live(s) {
				want++
			}
			s.deleted = true
		}
	}
	if ids, err := m.DeleteByUser(m.t.Context(), "demo", "u", app); err != nil || len(ids) != want {
		t.Fatalf("delete by user: got %d, %v, want %d", len(ids), err, want)
	}
}

func (m *model) removeApplication(t *rapid.T) {
	app := string(rapid.SampledFrom([]session.Usage{session.OneTime, session.Reusable}).Draw(t, "application"))
	m.epochs[app]++
	if epoch, err := m.DeleteByApplication(m.t.Context(), "demo", app); err != nil || epoch != uint64(m.epochs[app]) {
		t.Fatalf("epoch: got %d, %v, want %d", epoch, err, m.epochs[app])
	}
}

func (m *model) wait(t *rapid.T) {
	m.Pass(rapid.SampledFrom([]time.Duration{
		time.Millisecond, time.Second, modelOverlap - time.Millisecond, modelOverlap, modelOverlap + time.Millisecond,
		modelIdle / 2, modelIdle - time.Millisecond, modelIdle, modelAbsolute,
	}).Draw(t, "time"))
}

// latest is the time of the latest rotation; zero before the first.
func (s *modelled) latest() (at time.Time) {
	if n := len(s.rotatedAt); n > 0 {
		at = s.rotatedAt[n-1]
	}
	return at
}

// agree compares what the service reads with the model.
func (m *model) agree(t *rapid.T) {
	want := map[string]bool{}
	for _, s := range m.sessions {
		id := s.grants[0].Session.ID
		got, err := m.Retrieve(m.t.Context(), userU, id)
		if m.live(s) != (err == nil) {
			t.Fatalf("retrieve: got %v, want live %v", err, m.live(s))
		}
		if err != nil {
			continue
		}
		want[id.String()] = true
		if int(got.Generation) != len(s.grants)-1 || !got.IdleExpiresAt.Equal(s.idleUntil) || !s.reusable && !got.RotatedAt().Equal(s.latest()) ||
			got.Scope != s.scope || got.SessionVersion != s.version || !got.AbsoluteExpiresAt.Equal(m.end(s)) {
			t.Fatalf("got %+v, want %+v", got, s)
		}
	}
	list, next, err := m.List(m.t.Context(), session.ListRequest{Tenant: "demo", User: "u", Limit: 100})
	if err != nil || next != nil || len(list) != len(want) {
		t.Fatalf("list: got %d, next %v, %v, want %d", len(list), next, err, len(want))
	}
	for i, s := range list {
		if !want[s.ID.String()] || i > 0 && bytes.Compare(s.ID[:], list[i-1].ID[:]) >= 0 {
			t.Fatalf("got %s at %d, want a live session, newest first", s.ID, i)
		}
	}
}

func TestRandomSequencesFollowTheLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"issue": m.begin, "refresh": m.present, "refresh again": m.present, "refresh once more": m.present,
			"update": m.update, "change the application": m.change,
			"delete": m.remove, "delete by user": m.removeUser, "delete by application": m.removeApplication,
			"wait": m.wait, "wait more": m.wait, "rotate the token key": func(*rapid.T) { m.key++; m.rotateTokenKey() },
			"": m.agree,
		})
	})
}
