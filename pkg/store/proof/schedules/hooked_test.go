package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// ask reads what the hook says.
func (c *container) ask(context.Context, session.HookCall) (session.HookAnswer, error) {
	return send(c, request{items: []string{"hook"}}, "ask hook", func() (session.HookAnswer, error) { return c.client.hook, nil })
}

func role(name string) session.HookAnswer {
	return session.HookAnswer{Claims: json.RawMessage(`{"role":"` + name + `"}`)}
}

// operator adds a client that changes what the hook says.
func (s *schedule) operator(says session.HookAnswer) *client {
	a := s.addClient("operator", func(a *client) {
		err := errCrashed
		for errors.Is(err, errCrashed) && !a.gone() {
			_, err = send(a.restart(), request{items: []string{"hook"}, write: true}, "change hook", func() (struct{}, error) {
				s.hook = says
				return struct{}{}, nil
			})
		}
		a.done(answer{call: "operator changes the hook", err: err})
	})
	a.at = 2 * time.Second
	return a
}

// changed is the step after which every question meets the new answer of the hook.
func (s *schedule) changed(operator *client) int { return s.of(operator)[0].ended }

// asWritten is law 3 for the claims of a hook: all answers of one generation have those that were written, and a rotation
// that started after a change writes the new ones.
func (s *schedule) asWritten(operator *client, changed session.HookAnswer) {
	first := map[uint32]answer{}
	for _, w := range s.answers {
		if w.err != nil || w.grant.Outcome == "" {
			continue
		}
		at, claims := w.grant.Session.Generation, string(w.grant.Session.HookClaims)
		if other, known := first[at]; known && string(other.grant.Session.HookClaims) != claims {
			s.violated("law 3: got %s in %v and %s in %v, want what was written", claims, w, other.grant.Session.HookClaims, other)
		}
		first[at] = w
		if w.grant.Outcome == session.Rotated && w.started > s.changed(operator) && claims != string(changed.Claims) {
			s.violated("%v after the change of the hook: got %s, want %s", w, claims, changed.Claims)
		}
	}
}

// denied wants no grant for a refresh that started after the hook denied, and the end of the session for one that met it.
func (s *schedule) denied(operator *client, key session.Key) {
	met := false
	for _, w := range s.answers {
		if w.client == operator.index {
			continue
		}
		if met = met || errors.Is(w.err, session.ErrDenied); errors.Is(w.err, session.ErrDenied) {
			s.overSince(w.ended, operator)
		}
		if w.err == nil && w.grant.Outcome != "" && w.started > s.changed(operator) {
			s.violated("%v after the hook denied: got a grant, want a refusal", w)
		}
	}
	if met {
		s.over(key, 3*time.Second)
	}
}

// hooked are refreshes that ask a claims hook, beside changes of what it says.
func hooked() []scenario {
	denial := session.HookAnswer{Deny: true}
	return []scenario{
		{name: "two tabs and a demotion by the hook", hooked: true, ordered: true, setUp: func(s *schedule) func() {
			s.hook = role("admin")
			texts, _ := s.chain(1)
			a, b := s.tab("a", texts[1], 2, 2*time.Second), s.tab("b", texts[1], 1, 2*time.Second)
			operator := s.operator(role("guest"))
			return func() {
				s.neverRefused(a, b)
				s.asWritten(operator, role("guest"))
			}
		}},
		{name: "two tabs and a denial by the hook", hooked: true, ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(1)
			s.tab("a", texts[1], 2, 2*time.Second)
			s.tab("b", texts[0], 1, 2*time.Second)
			operator := s.operator(denial)
			return func() { s.denied(operator, g.Session.Key) }
		}},
		{name: "a tab, an update and a denial by the hook", hooked: true, ordered: true, setUp: func(s *schedule) func() {
			texts, g := s.chain(0)
			s.tab("a", texts[0], 2, 2*time.Second)
			s.backend("backend", g)
			operator := s.operator(denial)
			return func() { s.denied(operator, g.Session.Key) }
		}},
		{
			name: "a tab and a denial by the hook, requests are repeated", hooked: true, ordered: true,
			faults: 1, kinds: []fault{lost, late, crashBefore, crashAfter}, setUp: func(s *schedule) func() {
				texts, g := s.chain(0)
				s.tab("a", texts[0], 2, 2*time.Second)
				operator := s.operator(denial)
				return func() { s.denied(operator, g.Session.Key) }
			},
		},
	}
}

// mistakesOfHooks break what is said of the claims hook.
func mistakesOfHooks() []mistake {
	return []mistake{
		{
			name: "a retry is answered with its own hook's claims", scenario: "two tabs and a demotion by the hook",
			store: answering(func(r session.Rotation, s session.Session) session.Session {
				s.HookClaims = r.HookClaims
				return s
			}),
		},
		{
			name: "a rotation keeps the hook's earlier claims", scenario: "two tabs and a demotion by the hook",
			store: rotating(session.Rotation.Permits, func(r session.Rotation, s session.Session) session.Session {
				if s.HookClaims != nil {
					r.HookClaims = s.HookClaims
				}
				return r.Apply(s)
			}),
		},
		{
			name: "a denial ends nothing", scenario: "two tabs and a denial by the hook",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, remove: func(context.Context, session.Deletion) (session.Session, error) {
					return session.Session{}, nil
				}}
			},
		},
		{
			name: "an update brings a denied session back", scenario: "a tab, an update and a denial by the hook",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, update: func(ctx context.Context, u session.Update) (session.Session, bool, error) {
					now, applied, err := s.Update(ctx, u)
					if errors.Is(err, session.ErrNoSession) {
						now = u.Apply(session.Session{Key: u.Key})
						now.CreatedAt, now.IdleExpiresAt, now.AbsoluteExpiresAt = u.Now, u.Now.Add(time.Hour), u.Now.Add(time.Hour)
						return now, true, s.Create(ctx, now)
					}
					return now, applied, err
				}}
			},
		},
	}
}
