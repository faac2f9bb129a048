package keys

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrUnavailable says that no usable key set could be had; the service answers 503, never an unsigned or
// unverified anything.
var ErrUnavailable = errors.New("keys unavailable")

// CacheFor is how long a fetched set is used without asking the source again, and PublishedFor how long others may
// use the published one (Cache-Control of JWKS). pkg/keys/rotation waits for both.
const (
	CacheFor     = 5 * time.Minute
	PublishedFor = 5 * time.Minute
)

// refetchEvery bounds how often unknown key ids, which an attacker may invent, make us ask the source.
const refetchEvery = 5 * time.Second

// Ring caches one key set: fetched once per container, kept five minutes, fetched at once (rate-limited) for an
// unknown key id, one fetch at a time. A stale set keeps serving while its source is down.
type Ring[Set any] struct {
	// OnStale, when set before first use, is told why the source failed while a stale set keeps serving. It must
	// not call the ring.
	OnStale func(error)
	// Now is the clock; it may be replaced before first use.
	Now func() time.Time

	fetch func(context.Context) (*Set, error)

	mu      sync.Mutex
	set     *Set
	fetched time.Time
	tried   time.Time
	failed  error // of the latest try
}

// NewRing makes a ring over a source.
func NewRing[Set any](fetch func(context.Context) (*Set, error)) *Ring[Set] {
	return &Ring[Set]{Now: time.Now, fetch: fetch}
}

// Get returns the set, at most five minutes old unless its source is down. Errors: ErrUnavailable.
func (r *Ring[Set]) Get(ctx context.Context) (*Set, error) {
	set, err := r.get(ctx, CacheFor)
	if set != nil {
		return set, nil
	}
	return nil, err
}

// Refetch returns a set fetched within the last seconds, for an id that the set at hand does not know. A stale one
// will not do: it cannot tell a new id from an invented one. Errors: ErrUnavailable.
func (r *Ring[Set]) Refetch(ctx context.Context) (*Set, error) {
	set, err := r.get(ctx, refetchEvery)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// get returns the set at hand, nil if there never was one, and why it may be older than maxAge.
func (r *Ring[Set]) get(ctx context.Context, maxAge time.Duration) (*Set, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	if r.set != nil && now.Sub(r.fetched) < maxAge {
		return r.set, nil
	}
	if r.set != nil && now.Sub(r.tried) < refetchEvery {
		return r.set, r.failed
	}
	set, err := r.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return r.set, err // the caller gave up, which says nothing of the source: the next one asks at once
	}
	r.tried, r.failed = r.Now(), err // counted from the end: a source that hangs is asked no more often
	if err == nil {
		r.set, r.fetched = set, now
	} else if r.set != nil && r.OnStale != nil {
		r.OnStale(err)
	}
	return r.set, err
}

// FindTokenKey returns the token key of an id, asking the source again when the id is unknown. The boolean is
// false for an id that no key has; errors: ErrUnavailable.
func FindTokenKey(ctx context.Context, r *Ring[TokenSet], id TokenKeyID) (TokenKey, bool, error) {
	return find(ctx, r, func(s *TokenSet) (TokenKey, bool) { return s.Find(id) })
}

// FindPublicKey returns the public key of a kid, asking the source again when the kid is unknown. The boolean
// is false for a kid that no key has; errors: ErrUnavailable.
func FindPublicKey(ctx context.Context, r *Ring[PublicSet], kid string) (PublicKey, bool, error) {
	return find(ctx, r, func(s *PublicSet) (PublicKey, bool) { return s.Find(kid) })
}

func find[Set, Key any](ctx context.Context, r *Ring[Set], in func(*Set) (Key, bool)) (Key, bool, error) {
	var none Key
	set, err := r.Get(ctx)
	if err != nil {
		return none, false, err
	}
	if key, ok := in(set); ok {
		return key, true, nil
	}
	if set, err = r.Refetch(ctx); err != nil {
		return none, false, err
	}
	key, ok := in(set)
	return key, ok, nil
}
