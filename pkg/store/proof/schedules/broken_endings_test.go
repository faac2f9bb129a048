package schedules

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// mistakesOfEndings break laws about reuse, deletions and the session limit.
func mistakesOfEndings() []mistake {
	return []mistake{
		{name: "reuse ends nothing", scenario: "two tabs and a late attacker", store: func(s session.Store) session.Store {
			return &broken{Store: s, remove: func(context.Context, session.Deletion) (session.Session, error) {
				return session.Session{}, nil
			}}
		}},
		{name: "a refresh brings a deleted session back", scenario: "two tabs and a deletion by id", store: upserting},
		{name: "epochs are not compared", scenario: "two tabs and a deletion by application", store: func(s session.Store) session.Store {
			return &broken{Store: s, application: func(app session.Application, err error) (session.Application, error) {
				app.Epoch = 0
				return app, err
			}}
		}},
		{
			name: "an epoch advances whatever was read", scenario: "a deletion by application is repeated, and a login follows",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, advance: func(ctx context.Context, tenant, id string, _ uint64) (session.Ending, error) {
					app, err := s.Application(ctx, tenant, id)
					if err != nil {
						return session.Ending{}, err
					}
					return s.AdvanceEpoch(ctx, tenant, id, app.Epoch)
				}}
			},
		},
		{
			name: "a creation is repeated", scenario: "a login is repeated, and a deletion by user follows",
			change: func(c *scenario) { c.repeatsCreate = true },
		},
		{
			name: "an eviction has no condition", scenario: "a login, and the session to evict is refreshed",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, deletion: func(d session.Deletion) session.Deletion {
					return session.Deletion{Key: d.Key, Root: d.Root}
				}}
			},
		},
		{
			name: "the first created session is evicted", scenario: "a login, and the session to evict is refreshed",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, listed: func(found []session.Session) {
					for n := range found {
						found[n].Rotated = session.Session{}.Rotated
					}
				}}
			},
		},
		{
			name: "a login does not see its own eviction", scenario: "two logins at limit 1, one clock behind",
			store: func(s session.Store) session.Store { return &broken{Store: s, remove: forgetful(s)} },
		},
		{
			name: "a deletion by token ignores the root", scenario: "a tab and an attacker with a token key",
			store: func(s session.Store) session.Store {
				return &broken{Store: s, deletion: func(d session.Deletion) session.Deletion {
					d.Root = token.RootHash{}
					return d
				}}
			},
		},
		{name: "two deletions return one session", scenario: "two deletions by id and a tab", store: func(s session.Store) session.Store {
			last := map[session.Key]session.Session{}
			return &broken{Store: s, remove: func(ctx context.Context, d session.Deletion) (session.Session, error) {
				old, err := s.Delete(ctx, d)
				if err == nil {
					last[d.Key] = old
				}
				if gone, known := last[d.Key]; known {
					return gone, nil
				}
				return old, err
			}}
		}},
	}
}

// forgetful does not evict: it says that the session was gone already.
func forgetful(s session.Store) func(context.Context, session.Deletion) (session.Session, error) {
	return func(ctx context.Context, d session.Deletion) (session.Session, error) {
		if d.IdleExpiresAt.IsZero() {
			return s.Delete(ctx, d)
		}
		return session.Session{}, session.ErrNoSession
	}
}

// upserting writes a rotation whether its session exists or not.
func upserting(s session.Store) session.Store {
	remembered := map[session.Key]session.Session{}
	return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
		state, applied, err := s.Rotate(ctx, r)
		old, known := remembered[r.Key]
		if errors.Is(err, session.ErrNoSession) && known {
			_ = s.Create(ctx, old)
			state, applied, err = s.Rotate(ctx, r)
		}
		remembered[r.Key] = state
		return state, applied, err
	}}
}
