package session

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// modelled is what the laws say of one session, in the plainest words.
type modelled struct {
	grants    []Grant // one per generation
	rotatedAt time.Time
	idleUntil time.Time
	absolute  time.Time
	epoch     int
	deleted   bool
	reusable  bool
}

// model is a specification of the whole service for one user and its applications.
type model struct {
	*world
	sessions []*modelled
	epochs   map[string]int
}

const (
	modelIdle     = 100 * time.Second
	modelAbsolute = 400 * time.Second
	modelOverlap  = 10 * time.Second
)

func newModel(t *rapid.T) *model {
	m := &model{world: newWorld(t), epochs: map[string]int{}}
	for _, usage := range []Usage{OneTime, Reusable} {
		m.application("demo", string(usage), func(s *Settings) {
			s.Usage, s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds, s.OverlapSeconds = usage, 100, 400, 10
			s.MaxSessionsPerUser = 0
		})
	}
	return m
}

// ms is the clock as sessions see it.
func (m *model) ms() time.Time { return m.now().Truncate(time.Millisecond) }

func (m *model) live(s *modelled) bool {
	now := m.ms()
	return !s.deleted && s.epoch == m.epochs[s.application()] && now.Before(s.idleUntil) && now.Before(s.absolute)
}

func (s *modelled) application() string { return s.grants[0].Session.Application }

func (m *model) begin(t *rapid.T) {
	usage := rapid.SampledFrom([]Usage{OneTime, OneTime, Reusable}).Draw(t, "usage")
	now := m.ms()
	g := m.issue("u", string(usage))
	m.sessions = append(m.sessions, &modelled{
		grants: []Grant{g}, idleUntil: now.Add(modelIdle), absolute: now.Add(modelAbsolute),
		epoch: m.epochs[string(usage)], reusable: usage == Reusable,
	})
}

func (m *model) pick(t *rapid.T) *modelled {
	if len(m.sessions) == 0 {
		t.Skip("no session yet")
	}
	return rapid.SampledFrom(m.sessions).Draw(t, "session")
}

// expect is law 4: what presenting the token of a generation leads to.
func (m *model) expect(s *modelled, generation int) (Outcome, error) {
	now, current := m.ms(), len(s.grants)-1
	switch {
	case s.deleted, s.epoch != m.epochs[s.application()]:
		return "", ErrUnknown
	case !now.Before(s.idleUntil), !now.Before(s.absolute):
		return "", ErrExpired
	case s.reusable:
		return Extended, nil
	case generation == current:
		return Rotated, nil
	case generation == current-1 && now.Sub(s.rotatedAt) <= modelOverlap:
		return Retried, nil
	default:
		return "", ErrReused
	}
}

func (m *model) present(t *rapid.T) {
	s := m.pick(t)
	generation := len(s.grants) - 1 - rapid.IntRange(0, min(2, len(s.grants)-1)).Draw(t, "generations back")
	want, wantErr := m.expect(s, generation)
	got, err := m.refresh(s.grants[generation])
	if got.Outcome != want || !errors.Is(err, wantErr) {
		t.Fatalf("generation %d of %d: %q, %v instead of %q, %v", generation, len(s.grants)-1, got.Outcome, err, want, wantErr)
	}
	newest := s.grants[len(s.grants)-1]
	if want == Rotated {
		s.grants = append(s.grants, got)
		s.rotatedAt = m.ms()
	}
	if want == Rotated || want == Extended {
		s.idleUntil = m.ms().Add(modelIdle)
	}
	switch {
	case errors.Is(err, ErrReused):
		s.deleted = true
	case want == Retried && (got.Refresh != newest.Refresh || m.access(got).ID != m.access(newest).ID):
		t.Fatalf("a retry has another answer")
	case want == Extended && got.Refresh != newest.Refresh, want == Rotated && got.Refresh == newest.Refresh:
		t.Fatalf("%s has the wrong token", want)
	}
}

func (m *model) remove(t *rapid.T) {
	s := m.pick(t)
	wasLive := m.live(s)
	var err error
	if rapid.Bool().Draw(t, "by string") {
		_, err = m.DeleteByToken(context.Background(), tenant, rapid.SampledFrom(s.grants).Draw(t, "grant").Refresh.Reveal())
	} else {
		_, err = m.Delete(context.Background(), tenant, s.grants[0].Session.ID)
	}
	if wasLive != (err == nil) || err != nil && !errors.Is(err, ErrNoSession) {
		t.Fatalf("delete of a session with live = %v: %v", wasLive, err)
	}
	s.deleted = true
}

func (m *model) removeUser(t *rapid.T) {
	app := rapid.SampledFrom([]string{"", string(OneTime), string(Reusable)}).Draw(t, "application")
	want := 0
	for _, s := range m.sessions {
		if app == "" || app == s.application() {
			if m.live(s) {
				want++
			}
			s.deleted = true
		}
	}
	if ids, err := m.DeleteByUser(context.Background(), "demo", "u", app); err != nil || len(ids) != want {
		t.Fatalf("deleted %d instead of %d: %v", len(ids), want, err)
	}
}

func (m *model) removeApplication(t *rapid.T) {
	app := string(rapid.SampledFrom([]Usage{OneTime, Reusable}).Draw(t, "application"))
	m.epochs[app]++
	if epoch, err := m.DeleteByApplication(context.Background(), "demo", app); err != nil || epoch != uint64(m.epochs[app]) {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
}

func (m *model) wait(t *rapid.T) {
	m.pass(rapid.SampledFrom([]time.Duration{
		time.Millisecond, time.Second, modelOverlap - time.Millisecond, modelOverlap, modelOverlap + time.Millisecond,
		modelIdle / 2, modelIdle - time.Millisecond, modelIdle, modelAbsolute,
	}).Draw(t, "time"))
}

// agree compares what can be read with what the model says.
func (m *model) agree(t *rapid.T) {
	want := map[string]bool{}
	for _, s := range m.sessions {
		id := s.grants[0].Session.ID
		got, err := m.Retrieve(context.Background(), userU, id)
		if m.live(s) != (err == nil) {
			t.Fatalf("live = %v, but retrieve says %v", m.live(s), err)
		}
		if err != nil {
			continue
		}
		want[id.String()] = true
		if int(got.Generation) != len(s.grants)-1 || !got.IdleExpiresAt.Equal(s.idleUntil) || !got.RotatedAt.Equal(s.rotatedAt) && !s.reusable {
			t.Fatalf("stored %+v, modelled %+v", got, s)
		}
	}
	list, more, err := m.List(context.Background(), ListRequest{Tenant: "demo", User: "u", Limit: 100})
	if err != nil || more || len(list) != len(want) {
		t.Fatalf("listed %d instead of %d: %v", len(list), len(want), err)
	}
	for i, s := range list {
		if !want[s.ID.String()] || i > 0 && newestFirst(list[i-1], s) >= 0 {
			t.Fatalf("the list is wrong or out of order")
		}
	}
}

// House style 19: random sequences of operations do what the specification says.
func TestRandomSequencesFollowTheLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"issue": m.begin, "refresh": m.present, "refresh again": m.present, "refresh once more": m.present,
			"delete": m.remove, "delete by user": m.removeUser, "delete by application": m.removeApplication,
			"wait": m.wait, "wait more": m.wait, "rotate the token key": func(*rapid.T) { m.rotateTokenKey() },
			"": m.agree,
		})
	})
}
