package schedules

import (
	"context"
	"errors"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// foreign is a refresh token of another system: one for each schedule.
func (s *schedule) foreign() string { return "of another system for " + s.tenant }

// Import writes a session and its locator.
func (c *container) Import(ctx context.Context, imported session.Session, l session.Locator) (session.Locator, error) {
	r := writes(imported.Key)
	r.items = append(r.items, "locator")
	return send(c, r, "import", func() (session.Locator, error) { return c.Store.Import(ctx, imported, l) })
}

// Imported reads a locator.
func (c *container) Imported(ctx context.Context, hash token.Hash) (session.Locator, error) {
	return send(c, request{items: []string{"locator"}}, "find import", func() (session.Locator, error) { return c.Store.Imported(ctx, hash) })
}

// bring imports the session of the foreign token as of noon.
func (s *schedule) bring(store session.ImportStore, now func() time.Time) (session.Skipped, error) {
	skipped, err := session.NewImporter(store, now).Import(context.Background(), s.tenant, web,
		[]session.ImportRequest{{User: user, Foreign: token.ForeignOf(s.foreign()), CreatedAt: s.noon()}})
	return skipped[0], err
}

func (s *schedule) noon() time.Time { return (&client{}).now() }

// brought imports the session before the clients start.
func (s *schedule) brought() session.Grant {
	if skipped, err := s.bring(s.store, s.noon); err != nil || skipped != "" {
		s.t.Fatalf("import: got %q, %v, want it imported", skipped, err)
	}
	key := session.Key{Tenant: s.tenant, User: user, Application: web, ID: token.ForeignOf(s.foreign()).Session(s.noon())}
	return session.Grant{Session: session.Session{Key: key}}
}

// importer adds a client that imports the session.
func (s *schedule) importer() *client {
	a := s.addClient("importer", func(a *client) {
		for {
			_, err := s.bring(a.restart(), a.now)
			if err != nil {
				a.done(answer{call: "importer imports", err: err})
			}
			if !errors.Is(err, errCrashed) || a.gone() {
				return
			}
		}
	})
	a.at = 2 * time.Second
	return a
}

// logOut ends the session by its foreign token.
func (a *client) logOut() error {
	return a.ends("by the foreign token", func(ctx context.Context, v session.Verbs) error {
		_, err := v.LogOut(ctx, a.foreign())
		return err
	})
}

// imported are sessions of another system.
func imported() []scenario {
	return []scenario{
		{name: "two tabs with an imported token", setUp: func(s *schedule) func() {
			s.brought()
			a, b := s.tab("a", s.foreign(), 2, 2*time.Second), s.tab("b", s.foreign(), 1, 3*time.Second)
			return func() { s.neverRefused(a, b) }
		}},
		{name: "an imported token, its retry and an update", ordered: true, setUp: func(s *schedule) func() {
			g := s.brought()
			a, b := s.tab("a", s.foreign(), 1, 2*time.Second), s.tab("b", s.foreign(), 1, 2*time.Second)
			backend := s.backend("backend", g)
			return func() {
				s.neverRefused(a, b)
				s.updated(g.Session.Key, backend)
			}
		}},
		{name: "an imported token, a repeated import and an update", ordered: true, setUp: func(s *schedule) func() {
			g := s.brought()
			tab := s.tab("a", s.foreign(), nightlyTimes(2), 2*time.Second)
			backend := s.backend("backend", g)
			s.importer()
			return func() {
				s.neverRefused(tab)
				s.updated(g.Session.Key, backend)
			}
		}},
		{name: "an imported token, a repeated import and a deletion by it", ordered: true, setUp: func(s *schedule) func() {
			g := s.brought()
			s.tab("a", s.foreign(), nightlyTimes(2), 2*time.Second)
			operator := s.addClient("operator", func(a *client) { _ = a.logOut() })
			operator.at = 2 * time.Second
			s.importer()
			return func() { s.deleted(operator, g.Session.Key, 3*time.Second) }
		}},
		{name: "an imported token outside its window", ordered: true, setUp: func(s *schedule) func() {
			g := s.brought()
			next, err := s.before(time.Second).Refresh(context.Background(), session.RefreshRequest{Token: s.foreign()})
			if err != nil {
				s.t.Fatal(err)
			}
			s.tab("a", next.Refresh.Reveal(), 2, 31*time.Second)
			attacker := s.tab("the attacker", s.foreign(), 1, 31*time.Second+time.Millisecond)
			return func() { s.caught(attacker, g.Session.Key, 32*time.Second) }
		}},
		{
			name: "an import is repeated, and a deletion by the token follows", faults: 2, kinds: []fault{lost, late},
			setUp: func(s *schedule) func() {
				a := s.addClient("a", func(a *client) {
					if _, err := s.bring(a.restart(), a.now); err == nil && a.logOut() == nil {
						_, _ = a.refresh(s.foreign())
					}
				})
				a.at = time.Second
				return func() {
					for _, w := range s.of(a) {
						if w.grant.Outcome != "" {
							s.violated("law 10: after the deletion: got %v, want no grant", w)
						}
					}
					s.over(session.Key{Tenant: s.tenant, User: user, Application: web, ID: token.ForeignOf(s.foreign()).Session(s.noon())}, 2*time.Second)
				}
			},
		},
	}
}

// mistakesOfImports break law 10.
func mistakesOfImports() []mistake {
	anew := func(without error) func(session.Store) session.Store {
		return func(s session.Store) session.Store {
			return &broken{Store: s, imports: func(ctx context.Context, imported session.Session, l session.Locator) (session.Locator, error) {
				old, err := s.Import(ctx, imported, l)
				if !errors.Is(err, session.ErrImported) {
					return old, err
				}
				if _, _, err := s.Load(ctx, imported.Key); err == nil && without != nil {
					return old, session.ErrImported
				}
				return old, errors.Join(s.DeleteBatch(ctx, []session.Key{imported.Key}), s.Create(ctx, imported))
			}}
		}
	}
	return []mistake{
		{
			name: "a repeated import begins anew", scenario: "an imported token, a repeated import and an update",
			store: anew(nil),
		},
		{
			name: "a repeated import brings back what was ended", scenario: "an imported token, a repeated import and a deletion by it",
			store: anew(session.ErrNoSession),
		},
		{
			name: "a delayed import brings back what was ended", scenario: "an import is repeated, and a deletion by the token follows",
			store: anew(session.ErrNoSession),
		},
		{
			name: "the use of the successor closes the window of an imported token", scenario: "two tabs with an imported token",
			store: answering(func(_ session.Rotation, s session.Session) session.Session {
				if s.Generation > 1 {
					s.Rotated[0] = s.CreatedAt.AddDate(-1, 0, 0)
				}
				return s
			}),
		},
	}
}
