package schedules

import (
	"context"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// scenarios are explored one after the other.
func scenarios() []scenario {
	return slices.Concat(tabs(), deletions(), updates(), hooked(), imported(), boundSessions(), faults(), limits(), restores(), leakedKey())
}

// follow refreshes so many times, each time with the token of the answer before.
func (a *client) follow(text string, times int) {
	for range times {
		g, err := a.refresh(text)
		if err != nil {
			return
		}
		text = g.Refresh.Reveal()
	}
}

// tab adds a client that refreshes so many times in a row, at a time since noon.
func (s *schedule) tab(name, text string, times int, at time.Duration) *client {
	a := s.addClient(name, func(a *client) { a.follow(text, times) })
	a.at = at
	return a
}

// tabs are clients that share a session, in some scenarios with an attacker beside them.
func tabs() []scenario {
	return []scenario{
		{name: "two tabs and a token inside its window", wide: true, setUp: func(s *schedule) func() {
			texts, _ := s.chain(1)
			a, b := s.tab("a", texts[1], 2, 2*time.Second), s.tab("b", texts[1], 2, 3*time.Second)
			c := s.tab("c", texts[0], 1, 31*time.Second) // rotated 30 s ago
			return func() { s.neverRefused(a, b, c) }
		}},
		{name: "two tabs in warm containers", setUp: func(s *schedule) func() {
			texts, _ := s.chain(1)
			a, b := s.tab("a", texts[1], 2, 2*time.Second), s.tab("b", texts[0], 2, 3*time.Second)
			a.warm()
			b.warm()
			return func() { s.neverRefused(a, b) }
		}},
		{name: "a tab six generations behind", setUp: func(s *schedule) func() {
			texts, _ := s.chain(5)
			a, b := s.tab("a", texts[5], 1, 6*time.Second), s.tab("b", texts[0], 2, 7*time.Second)
			return func() { s.neverRefused(a, b) }
		}},
		{name: "two tabs and a late attacker", ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(1)
			s.tab("a", texts[1], 2, 31*time.Second)
			s.tab("b", texts[1], 1, 31*time.Second)
			attacker := s.tab("the attacker", texts[0], 1, 31*time.Second+time.Millisecond)
			return func() { s.caught(attacker, g.Session.Key, 32*time.Second) }
		}},
		{name: "two tabs, a late attacker and a retry", ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(1)
			s.tab("a", texts[1], 1, 20*time.Second)
			s.tab("b", texts[0], 1, 20*time.Second)
			attacker := s.tab("the attacker", texts[0], 1, 31*time.Second+time.Millisecond)
			return func() { s.caught(attacker, g.Session.Key, 32*time.Second) }
		}},
		{name: "an attacker seven generations behind", ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(7)
			tab := s.tab("a", texts[7], 2, 8*time.Second)
			tab.warm()
			attacker := s.tab("the attacker", texts[0], 1, 8*time.Second)
			return func() { s.caught(attacker, g.Session.Key, 9*time.Second) }
		}},
		{
			name: "two holders under a long overlap", ordered: true,
			settings: func(s *session.Settings) { s.OverlapSeconds = 3600 },
			setUp: func(s *schedule) func() {
				texts, g := s.chain(2)
				s.tab("a", texts[2], 2, 62*time.Second)
				attacker := s.tab("the attacker", texts[0], 1, 61*time.Second+time.Millisecond) // two behind, a minute and 1 ms later
				return func() { s.caught(attacker, g.Session.Key, 63*time.Second) }
			},
		},
	}
}

// deletions run beside refreshes.
func deletions() (all []scenario) {
	for _, by := range []struct {
		name string
		end  func(ctx context.Context, v session.Verbs, s *schedule, g session.Grant) error
	}{
		{"by id", func(ctx context.Context, v session.Verbs, s *schedule, g session.Grant) error {
			_, err := v.Delete(ctx, session.Caller{Tenant: s.tenant}, g.Session.ID)
			return err
		}},
		{"by token", func(ctx context.Context, v session.Verbs, s *schedule, g session.Grant) error {
			_, err := v.DeleteByToken(ctx, session.Caller{Tenant: s.tenant}, g.Refresh.Reveal())
			return err
		}},
		{"by user", func(ctx context.Context, v session.Verbs, s *schedule, _ session.Grant) error {
			_, err := v.DeleteByUser(ctx, s.tenant, user, "")
			return err
		}},
		{"by application", func(ctx context.Context, v session.Verbs, s *schedule, _ session.Grant) error {
			_, err := v.DeleteByApplication(ctx, s.tenant, web)
			return err
		}},
	} {
		all = append(all, scenario{name: "two tabs and a deletion " + by.name, ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(1)
			warm := s.tab("a", texts[1], 1, 2*time.Second)
			warm.warm()
			s.tab("b", texts[1], nightlyTimes(2), 2*time.Second)
			operator := s.addClient("operator", func(a *client) {
				_ = a.ends(by.name, func(ctx context.Context, v session.Verbs) error { return by.end(ctx, v, s, g) })
			})
			operator.at = 2 * time.Second
			return func() { s.deleted(operator, g.Session.Key, 3*time.Second) }
		}})
	}
	return append(all, twoDeletions())
}

// twoDeletions deletes one session twice at the same time. Exactly one deletion returns it.
func twoDeletions() scenario {
	return scenario{name: "two deletions by id and a tab", ordered: true, setUp: func(s *schedule) func() {
		texts, g := s.chain(0)
		s.tab("a", texts[0], 1, time.Second)
		var by []*client
		for _, name := range []string{"one", "other"} {
			a := s.addClient(name, func(a *client) {
				_ = a.ends("by id", func(ctx context.Context, v session.Verbs) error {
					_, err := v.Delete(ctx, session.Caller{Tenant: s.tenant}, g.Session.ID)
					return err
				})
			})
			a.at = time.Second
			by = append(by, a)
		}
		return func() {
			returned := 0
			for _, w := range s.of(by...) {
				if w.err == nil {
					returned++
				}
			}
			if returned != 1 {
				s.violated("law 5: got the session from %d of two deletions, want 1", returned)
			}
			s.deleted(by[0], g.Session.Key, 2*time.Second)
		}
	}}
}
