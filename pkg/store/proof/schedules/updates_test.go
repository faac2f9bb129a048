package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Update is the one write of an update.
func (c *container) Update(ctx context.Context, u session.Update) (session.Session, bool, error) {
	type state struct {
		session session.Session
		applied bool
	}
	got, err := send(c, writes(u.Key), "update", func() (state, error) {
		s, applied, err := c.Store.Update(ctx, u)
		return state{s, applied}, err
	})
	return got.session, got.applied, err
}

// backend adds a client that sets a claim of its name in a session, and supersedes. Where its container ends, it repeats
// the request.
func (s *schedule) backend(name string, g session.Grant) *client {
	claims := json.RawMessage(fmt.Sprintf(`{%q:true}`, name))
	a := s.addClient(name, func(a *client) {
		for {
			_, err := a.verbs.Update(context.Background(), session.Caller{Tenant: s.tenant}, g.Session.ID,
				session.Patch{Claims: claims, Supersede: true})
			a.done(answer{call: name + " updates", err: err})
			if !errors.Is(err, errCrashed) || a.gone() {
				return
			}
			a.restart()
		}
	})
	a.at = 2 * time.Second
	return a
}

// updated wants the claims of all answered updates in the session, and in each answer of a refresh that started after the
// update was answered. No access token of before has the session's version.
func (s *schedule) updated(key session.Key, backends ...*client) {
	stored, _, err := s.store.Load(context.Background(), key)
	if err != nil {
		s.violated("an update: got %v, want a live session", err)
		return
	}
	for _, w := range s.of(backends...) {
		if w.err != nil {
			s.violated("an update: got %v, want an answer", w)
			continue
		}
		claim := fmt.Sprintf(`%q:true`, s.clients[w.client].name)
		if !contains(stored.Claims, claim) {
			s.violated("an update that was answered: got %s, want %s in it", stored.Claims, claim)
		}
		for _, r := range s.answers {
			if r.grant.Outcome != "" && r.started > w.ended && !contains(r.grant.Session.Claims, claim) {
				s.violated("%v after an update: got %s, want %s in it", r, r.grant.Session.Claims, claim)
			}
		}
	}
	if int(stored.SessionVersion) < len(backends) || int(stored.Updates) != int(stored.SessionVersion) {
		s.violated("law 6: got version %d after %d updates, want one each", stored.SessionVersion, stored.Updates)
	}
	if s.scenario.faults == 0 && int(stored.Updates) != len(backends) {
		s.violated("got %d updates, want %d", stored.Updates, len(backends))
	}
}

func contains(claims json.RawMessage, claim string) bool {
	var all map[string]bool
	_ = json.Unmarshal(claims, &all)
	for name := range all {
		if fmt.Sprintf(`%q:true`, name) == claim {
			return true
		}
	}
	return false
}

// updates run beside refreshes: a refresh neither fails nor loses one, and of two updates both take effect.
func updates() []scenario {
	return []scenario{
		{name: "two tabs and an update", ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(1)
			a, b := s.tab("a", texts[1], nightlyTimes(2), 2*time.Second), s.tab("b", texts[0], 1, 2*time.Second)
			backend := s.backend("backend", g)
			return func() {
				s.neverRefused(a, b)
				s.updated(g.Session.Key, backend)
			}
		}},
		{name: "a tab and two updates", ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(0)
			tab := s.tab("a", texts[0], 1, 2*time.Second)
			one, other := s.backend("one", g), s.backend("other", g)
			return func() {
				s.neverRefused(tab)
				s.updated(g.Session.Key, one, other)
			}
		}},
		{
			name: "a tab and an update, requests are repeated", faults: 1, kinds: []fault{lost, late, crashBefore, crashAfter},
			ordered: true, setUp: func(s *schedule) func() {
				texts, g := s.chain(0)
				tab := s.tab("a", texts[0], 1, 2*time.Second)
				backend := s.backend("backend", g)
				return func() {
					s.neverRefused(tab)
					s.updated(g.Session.Key, backend)
				}
			},
		},
	}
}

// mistakesOfUpdates break what is said of updates.
func mistakesOfUpdates() []mistake {
	blind := func(s session.Store) session.Store {
		return &broken{Store: s, update: func(ctx context.Context, u session.Update) (session.Session, bool, error) {
			now, _, err := s.Load(ctx, u.Key)
			if err != nil {
				return now, false, err
			}
			u.From = now.Updates
			return s.Update(ctx, u)
		}}
	}
	return []mistake{
		{name: "an update has no condition", scenario: "a tab and two updates", store: blind},
		{
			name: "a rotation is an update", scenario: "a tab and two updates",
			store: rotating(session.Rotation.Permits, func(r session.Rotation, s session.Session) session.Session {
				s = r.Apply(s)
				s.Updates++
				return s
			}),
		},
		{
			name: "an update supersedes nothing", scenario: "two tabs and an update",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, update: func(ctx context.Context, u session.Update) (session.Session, bool, error) {
					u.Supersede = false
					return s.Update(ctx, u)
				}}
			},
		},
	}
}
