package schedules

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// ownKey and thiefKey are made once: a schedule runs thousands of times.
var (
	ownKey   = sync.OnceValue(func() fixture.ProofKey { return fixture.NewProofKey("EdDSA") })
	thiefKey = sync.OnceValue(func() fixture.ProofKey { return fixture.NewProofKey("EdDSA") })
)

// by makes a client prove a key with each refresh.
func (a *client) by(key fixture.ProofKey) *client {
	a.proves = func() dpop.Presented { return key.Present(a.now()) }
	return a
}

// bound issues a session for a key at noon and refreshes it so many times, a second apart. It returns all its tokens.
func (s *schedule) bound(key fixture.ProofKey, refreshes int) (texts []string, g session.Grant) {
	jkt, _ := dpop.ParseThumbprint(key.Thumbprint)
	g, err := s.before(0).Issue(context.Background(), session.IssueRequest{Tenant: s.tenant, User: user, Application: web, JKT: jkt})
	for n := 0; err == nil && n < refreshes; n++ {
		texts = append(texts, g.Refresh.Reveal())
		at := time.Duration(n+1) * time.Second
		g, err = s.before(at).Refresh(context.Background(), session.RefreshRequest{
			Token: g.Refresh.Reveal(), Proof: key.Present(fixture.Noon().Add(at)),
		})
	}
	if err != nil {
		s.t.Fatalf("chain: %v", err)
	}
	return append(texts, g.Refresh.Reveal()), g
}

// onlyItsKey wants no grant for another holder after a grant of a bound session was answered, and a session that no
// other holder ends.
func (s *schedule) onlyItsKey(others *client, key session.Key, at time.Duration) {
	bound := len(s.trace)
	for _, w := range s.answers {
		if w.err == nil && w.client != others.index && !w.grant.Session.JKT.IsZero() {
			bound = min(bound, w.ended)
		}
		if errors.Is(w.err, session.ErrReused) {
			s.violated("another holder: got %v, want a refusal that ends nothing", w)
		}
	}
	for _, w := range s.of(others) {
		if w.err == nil && w.started > bound {
			s.violated("%v from step %d on, after the binding at %d: got a grant, want %v", w, w.started, bound, session.ErrUnbound)
		}
	}
	if !s.lives(key, at) {
		s.violated("got session %s ended, want it live", key.ID)
	}
}

// boundSessions prove the keys of DPoP.
func boundSessions() []scenario {
	allowed := func(s *session.Settings) { s.DPoP = session.DPoPAllowed }
	return []scenario{
		{name: "a first proof beside a bearer", ordered: true, settings: allowed, setUp: func(s *schedule) func() {
			texts, g := s.chain(0)
			tab := s.tab("a", texts[0], 2, time.Second).by(ownKey())
			thief := s.tab("the thief", texts[0], 2, time.Second)
			return func() {
				s.neverRefused(tab)
				s.onlyItsKey(thief, g.Session.Key, 2*time.Second)
			}
		}},
		{name: "two tabs with a key and a thief without it", ordered: true, settings: allowed, setUp: func(s *schedule) func() {
			texts, g := s.bound(ownKey(), 1)
			one := s.tab("a", texts[1], 1, time.Hour).by(ownKey())
			two := s.tab("b", texts[1], 1, time.Hour).by(ownKey())
			thief := s.addClient("the thief", func(a *client) {
				for _, copied := range []string{texts[1], texts[0]} {
					_, _ = a.refresh(copied)
				}
			}).by(thiefKey())
			thief.at = time.Hour
			return func() {
				s.neverRefused(one, two)
				s.onlyItsKey(thief, g.Session.Key, time.Hour)
			}
		}},
		{name: "the predecessor an hour later, by its key", settings: allowed, setUp: func(s *schedule) func() {
			texts, _ := s.bound(ownKey(), 1)
			one := s.tab("a", texts[0], 1, time.Hour).by(ownKey())
			two := s.tab("b", texts[0], 1, time.Hour).by(ownKey())
			return func() { s.neverRefused(one, two) }
		}},
		{name: "two behind an hour later, by its key", ordered: true, settings: allowed, setUp: func(s *schedule) func() {
			texts, g := s.bound(ownKey(), 2)
			s.tab("a", texts[2], 1, time.Hour).by(ownKey())
			old := s.tab("the thief", texts[0], 1, time.Hour).by(ownKey())
			return func() { s.caught(old, g.Session.Key, time.Hour) }
		}},
	}
}

// mistakesOfBinding break what is said of bound sessions.
func mistakesOfBinding() []mistake {
	return []mistake{
		{
			name: "the write does not ask for the key", scenario: "two tabs with a key and a thief without it",
			store: rotating(func(r session.Rotation, s session.Session) bool {
				s.JKT = dpop.Thumbprint{}
				return r.Permits(s)
			}, session.Rotation.Apply),
		},
		{
			name: "a rotation forgets the key", scenario: "two tabs with a key and a thief without it",
			store: rotating(session.Rotation.Permits, func(r session.Rotation, s session.Session) session.Session {
				s = r.Apply(s)
				s.JKT = dpop.Thumbprint{}
				return s
			}),
		},
		{
			name: "a bound session is judged by the clock", scenario: "the predecessor an hour later, by its key",
			store: answering(func(_ session.Rotation, s session.Session) session.Session {
				s.JKT = dpop.Thumbprint{}
				return s
			}),
		},
	}
}
