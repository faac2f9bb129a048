package proof

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// broken is a store with one mistake.
type broken struct {
	session.Store

	rotate      func(context.Context, session.Rotation) (session.Session, bool, error)
	load        func(context.Context, session.Key) (session.Session, session.Application, error)
	delete      func(context.Context, session.Deletion) (session.Session, error)
	application func(context.Context, session.Key) (session.Application, error)
	advance     func(ctx context.Context, tenant, id string, from uint64) (session.Ending, error)
}

func (b *broken) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	if b.rotate == nil {
		return b.Store.Rotate(ctx, r)
	}
	return b.rotate(ctx, r)
}

func (b *broken) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	if b.load == nil {
		return b.Store.Load(ctx, key)
	}
	return b.load(ctx, key)
}

func (b *broken) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	if b.delete == nil {
		return b.Store.Delete(ctx, d)
	}
	return b.delete(ctx, d)
}

func (b *broken) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	if b.application == nil {
		return b.Store.ApplicationOf(ctx, key)
	}
	return b.application(ctx, key)
}

func (b *broken) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	if b.advance == nil {
		return b.Store.AdvanceEpoch(ctx, tenant, id, from)
	}
	return b.advance(ctx, tenant, id, from)
}

// mistakes are stores that the checker must catch.
func mistakes() map[string]func(session.Store) *broken {
	return map[string]func(session.Store) *broken{
		"a rotation without a condition brings deleted sessions back": func(s session.Store) *broken {
			var remembered sync.Map
			return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
				state, applied, err := s.Rotate(ctx, r)
				if err == nil {
					remembered.Store(r.Key, state)
				} else if old, known := remembered.Load(r.Key); known {
					_ = s.Create(ctx, old.(session.Session))
					state, applied, err = s.Rotate(ctx, r)
				}
				return state, applied, err
			}}
		},
		"a rotation reads, then writes": func(s session.Store) *broken {
			return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
				old, _, err := s.Load(ctx, r.Key)
				if err != nil || !r.Permits(old) {
					return old, false, err
				}
				time.Sleep(time.Millisecond)
				_ = errors.Join(s.DeleteBatch(ctx, []session.Key{r.Key}), s.Create(ctx, r.Apply(old)))
				return r.Apply(old), true, nil
			}}
		},
		"reads are stale": func(s session.Store) *broken {
			var cache sync.Map
			return &broken{Store: s, load: func(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
				state, app, err := s.Load(ctx, key)
				if old, cached := cache.Load(key); cached && err == nil {
					state = old.(session.Session)
				}
				cache.Store(key, state)
				return state, app, err
			}}
		},
		"epochs are cached": func(s session.Store) *broken {
			var cache sync.Map
			return &broken{Store: s, application: func(ctx context.Context, key session.Key) (session.Application, error) {
				if app, cached := cache.Load(key.Tenant + key.Application); cached {
					return app.(session.Application), nil
				}
				app, err := s.ApplicationOf(ctx, key)
				cache.Store(key.Tenant+key.Application, app)
				return app, err
			}}
		},
		"two deletions of one session both succeed": func(s session.Store) *broken {
			var gone sync.Map
			return &broken{Store: s, delete: func(ctx context.Context, d session.Deletion) (session.Session, error) {
				old, err := s.Delete(ctx, d)
				if last, known := gone.Load(d.Key); known && errors.Is(err, session.ErrNoSession) {
					return last.(session.Session), nil
				}
				gone.Store(d.Key, old)
				return old, err
			}}
		},
		"every third deletion is forgotten": func(s session.Store) *broken {
			var n atomic.Int64
			return &broken{Store: s, delete: func(ctx context.Context, d session.Deletion) (session.Session, error) {
				old, err := s.Delete(ctx, d)
				if n.Add(1)%3 == 0 && err == nil {
					err = s.Create(ctx, old)
				}
				return old, err
			}}
		},
		"an epoch counts as advanced without a write": func(s session.Store) *broken {
			return &broken{Store: s, advance: func(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
				if from > 0 {
					return session.Ending{Epoch: from, Own: true}, nil
				}
				return s.AdvanceEpoch(ctx, tenant, id, from)
			}}
		},
		"every window runs from the latest rotation": func(s session.Store) *broken {
			return &broken{Store: s, rotate: func(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
				state, applied, err := s.Rotate(ctx, r)
				for slot := range state.Rotated {
					if !applied {
						state.Rotated[slot] = state.RotatedAt()
					}
				}
				return state, applied, err
			}}
		},
	}
}
