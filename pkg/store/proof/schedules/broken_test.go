package schedules

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// broken is a store that breaks one law. A nil field keeps the behaviour of the store.
type broken struct {
	session.Store

	rotate      func(context.Context, session.Rotation) (session.Session, bool, error)
	deletion    func(session.Deletion) session.Deletion
	remove      func(context.Context, session.Deletion) (session.Session, error)
	listed      func([]session.Session)
	application func(session.Application, error) (session.Application, error)
	update      func(context.Context, session.Update) (session.Session, bool, error)
	imports     func(context.Context, session.Session, session.Locator) (session.Locator, error)
	advance     func(ctx context.Context, tenant, id string, from uint64) (session.Ending, error)
}

func (b *broken) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	if b.rotate == nil {
		return b.Store.Rotate(ctx, r)
	}
	return b.rotate(ctx, r)
}

func (b *broken) Update(ctx context.Context, u session.Update) (session.Session, bool, error) {
	if b.update == nil {
		return b.Store.Update(ctx, u)
	}
	return b.update(ctx, u)
}

func (b *broken) Import(ctx context.Context, s session.Session, l session.Locator) (session.Locator, error) {
	if b.imports == nil {
		return b.Store.Import(ctx, s, l)
	}
	return b.imports(ctx, s, l)
}

func (b *broken) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	if b.deletion != nil {
		d = b.deletion(d)
	}
	if b.remove != nil {
		return b.remove(ctx, d)
	}
	return b.Store.Delete(ctx, d)
}

func (b *broken) Query(ctx context.Context, q session.Query) ([]session.Session, bool, error) {
	found, more, err := b.Store.Query(ctx, q)
	if b.listed != nil {
		b.listed(found)
	}
	return found, more, err
}

func (b *broken) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	app, err := b.Store.ApplicationOf(ctx, key)
	if b.application != nil {
		return b.application(app, err)
	}
	return app, err
}

func (b *broken) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	if b.advance == nil {
		return b.Store.AdvanceEpoch(ctx, tenant, id, from)
	}
	return b.advance(ctx, tenant, id, from)
}

// rotating is a store whose rotations have another condition and another effect. Between two requests of a schedule
// nothing else happens, so its steps are atomic.
func rotating(permits func(session.Rotation, session.Session) bool, apply func(session.Rotation, session.Session) session.Session,
) func(session.Store) session.Store {
	return func(s session.Store) session.Store {
		return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
			old, _, err := s.Load(ctx, r.Key)
			if err != nil {
				return old, false, err
			}
			next, applied := apply(r, old), permits(r, old)
			if !applied && !changesRefused(next, old) {
				return old, false, nil
			}
			err = errors.Join(s.DeleteBatch(ctx, []session.Key{r.Key}), s.Create(ctx, next))
			return next, applied, err
		}}
	}
}

// changesRefused reports whether an effect changes a session that refused the rotation: a retry moves a window.
func changesRefused(next, old session.Session) bool {
	return next.Generation == old.Generation && next.Rotated != old.Rotated
}

// answering is a store that answers a refused rotation with another session than the stored one.
func answering(shown func(session.Rotation, session.Session) session.Session) func(session.Store) session.Store {
	return func(s session.Store) session.Store {
		return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
			state, applied, err := s.Rotate(ctx, r)
			if err == nil && !applied {
				state = shown(r, state)
			}
			return state, applied, err
		}}
	}
}

// mistake is a broken law and a scenario that shows it.
type mistake struct {
	name, scenario string
	store          func(session.Store) session.Store
	change         func(*scenario)
}

func mistakes() []mistake {
	permits, apply := session.Rotation.Permits, session.Rotation.Apply
	alive := func(r session.Rotation, s session.Session) bool { return !s.Expired(r.Now) }
	return slices.Concat([]mistake{
		{name: "a superseded token rotates", scenario: "two tabs and a late attacker", store: rotating(alive, apply)},
		{
			name: "the use of the successor closes the window", scenario: "two tabs and a token inside its window",
			store: answering(func(_ session.Rotation, s session.Session) session.Session {
				for slot := range s.Rotated {
					if uint32(slot) != (s.Generation-1)%session.RotationTimes {
						s.Rotated[slot] = s.CreatedAt.AddDate(-1, 0, 0)
					}
				}
				return s
			}),
		},
		{
			name: "five rotation times are stored", scenario: "a tab six generations behind",
			store: answering(func(_ session.Rotation, s session.Session) session.Session {
				s.Rotated[s.Generation%session.RotationTimes] = s.CreatedAt.AddDate(-1, 0, 0)
				return s
			}),
		},
		{
			name: "every window runs from the latest rotation", scenario: "two tabs and a late attacker",
			store: answering(func(_ session.Rotation, s session.Session) session.Session {
				for slot := range s.Rotated {
					s.Rotated[slot] = s.RotatedAt()
				}
				return s
			}),
		},
		{
			name: "a retry moves the window", scenario: "two tabs, a late attacker and a retry",
			store: rotating(permits, func(r session.Rotation, s session.Session) session.Session {
				if permits(r, s) {
					return apply(r, s)
				}
				s.Rotated[r.From%session.RotationTimes] = r.Now
				return s
			}),
		},
		{
			name: "one window for all distances", scenario: "two holders under a long overlap",
			store: answering(func(r session.Rotation, s session.Session) session.Session {
				s.Rotated[r.From%session.RotationTimes] = r.Now
				return s
			}),
		},
		{
			name: "a rotation does not store the id of its request", scenario: "one tab without an overlap, requests are repeated",
			store: rotating(permits, func(r session.Rotation, s session.Session) session.Session {
				r.RequestID = s.ID
				return apply(r, s)
			}),
		},
		{
			name: "the stored jti is another one", scenario: "two tabs in warm containers",
			store: answering(func(r session.Rotation, s session.Session) session.Session {
				s.AccessTokenID = r.RequestID
				return s
			}),
		},
		{
			name: "no token rolls forward", scenario: "two tabs and a restored table",
			store: rotating(func(r session.Rotation, s session.Session) bool { return !r.Forward && permits(r, s) }, apply),
		},
		{
			name: "a roll forward leaves the windows as they were", scenario: "two tabs and a restored table",
			store: rotating(permits, func(r session.Rotation, s session.Session) session.Session {
				r.Forward = false
				return apply(r, s)
			}),
		},
		{
			name: "any root fits", scenario: "a tab and an attacker with a token key",
			store: answering(func(r session.Rotation, s session.Session) session.Session {
				s.RootHash = r.Root
				return s
			}),
		},
	}, mistakesOfEndings(), mistakesOfUpdates(), mistakesOfHooks(), mistakesOfImports(), mistakesOfBinding())
}

// The proof can fail: each broken law shows in some schedule of its scenario.
func TestEveryBrokenLawIsCaught(t *testing.T) {
	for _, m := range mistakes() {
		at := slices.IndexFunc(scenarios(), func(c scenario) bool { return c.name == m.scenario })
		if at < 0 {
			t.Fatalf("%s: got no scenario %q, want one", m.name, m.scenario)
		}
		c := scenarios()[at]
		if m.change != nil {
			m.change(&c)
		}
		e := explore(t, c, m.store)
		if e.violation == "" {
			t.Errorf("%s: got no violation in %d schedules of %q, want one", m.name, e.schedules, m.scenario)
		}
		t.Logf("%s: after %d schedules", m.name, e.schedules)
	}
}
