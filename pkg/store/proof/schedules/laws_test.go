package schedules

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// oneSuccessor is law 3: all answers of one generation of a session hold the same refresh token and the same jti.
func (s *schedule) oneSuccessor() {
	first := map[session.Key]map[uint32]answer{}
	for _, w := range s.answers {
		if w.err != nil || w.grant.Outcome == "" {
			continue
		}
		at, of := w.grant.Session.Generation, w.grant.Session.Key
		if first[of] == nil {
			first[of] = map[uint32]answer{}
		}
		other, known := first[of][at]
		switch {
		case !known:
			first[of][at] = w
		case other.grant.Refresh != w.grant.Refresh || other.grant.Session.AccessTokenID != w.grant.Session.AccessTokenID:
			s.violated("law 3: got two answers of generation %d, %v and %v, want the same token", at, other, w)
		}
	}
}

// noSurprise wants answers that the laws know. A service whose store answers has no reason for a 503, except where logins
// evict each other four times.
func (s *schedule) noSurprise() {
	for _, w := range s.answers {
		known := w.err == nil || errors.Is(w.err, session.ErrRefused) || errors.Is(w.err, session.ErrNoSession)
		overtaken := s.scenario.contended && errors.Is(w.err, session.ErrUnavailable)
		if !known && !overtaken && s.scenario.faults == 0 {
			s.violated("got %v, want an answer that the laws know", w)
		}
	}
}

// neverRefused is law 4 for honest clients inside their windows: each of their refreshes is answered, whatever the
// schedule. A 503 is allowed where there are faults, if a repetition is answered.
func (s *schedule) neverRefused(honest ...*client) {
	for _, w := range s.of(honest...) {
		if errors.Is(w.err, session.ErrRefused) || errors.Is(w.err, session.ErrNoSession) {
			s.violated("law 4: an honest client: got %v, want no refusal", w)
		}
	}
	for _, a := range honest {
		all := s.of(a)
		if len(all) == 0 || all[len(all)-1].err != nil {
			s.violated("law 4: %s: got no grant at the end, want one", a.name)
		}
	}
}

// of returns the answers to some clients, in the order in which they came.
func (s *schedule) of(clients ...*client) (all []answer) {
	for _, w := range s.answers {
		if slices.ContainsFunc(clients, func(a *client) bool { return a.index == w.client }) {
			all = append(all, w)
		}
	}
	return all
}

// caught is law 4 for a token outside its window: it gets no grant, and after its refusal no token of the session does.
func (s *schedule) caught(attacker *client, key session.Key, at time.Duration) {
	for _, w := range s.of(attacker) {
		if !errors.Is(w.err, session.ErrReused) && !errors.Is(w.err, session.ErrUnknown) {
			s.violated("law 4: a superseded token outside its window: got %v, want %v or %v", w, session.ErrReused, session.ErrUnknown)
		}
		s.overSince(w.ended, attacker)
	}
	s.over(key, at)
}

// overSince is law 5: no refresh that starts after a step of the schedule succeeds.
func (s *schedule) overSince(step int, but *client) {
	for _, w := range s.answers {
		if w.client != but.index && w.err == nil && w.started > step && w.grant.Outcome != session.Issued {
			s.violated("law 5: a refresh from step %d on, after the end at %d: got %v, want a refusal", w.started, step, w)
		}
	}
}

// over wants a session that has ended.
func (s *schedule) over(key session.Key, at time.Duration) {
	if s.lives(key, at) {
		s.violated("law 5: got session %s live, want it ended", key.ID)
	}
}

func (s *schedule) lives(key session.Key, at time.Duration) bool {
	_, err := s.before(at).Live(context.Background(), key)
	if err != nil && !errors.Is(err, session.ErrNoSession) {
		s.t.Fatal(err)
	}
	return err == nil
}

// deleted is law 5: once the deletion is answered, no refresh that starts later succeeds.
func (s *schedule) deleted(by *client, key session.Key, at time.Duration) {
	for _, w := range s.of(by) {
		if w.err == nil || errors.Is(w.err, session.ErrNoSession) {
			s.overSince(w.ended, by)
			s.over(key, at)
		}
	}
}

// limited is law 5's session limit: so many sessions stay. A login that was answered has a session that it did not evict
// itself.
func (s *schedule) limited(limit int, at time.Duration) {
	left, next, err := s.before(at).List(context.Background(), session.ListRequest{Tenant: s.tenant, User: user, Limit: 100})
	if err != nil || next != nil {
		s.t.Fatal(err)
	}
	if len(left) != limit {
		s.violated("law 5: got %d live sessions, want %d", len(left), limit)
	}
	for _, w := range s.answers {
		if w.err == nil && slices.Contains(s.deletedBy[w.grant.Session.ID.String()], w.client) {
			s.violated("law 5: got %v with a session that the login deleted itself, want a live one", w)
		}
	}
}
