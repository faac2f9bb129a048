package keys

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnavailable is the error of a key set that could not be fetched. The service answers 503; it never issues or
// accepts a token without keys.
var ErrUnavailable = errors.New("keys unavailable")

// ErrNoKey is the error of an id that no key has. ErrDropped is that of a token key that an operator dropped.
var (
	ErrNoKey   = errors.New("no key has this id")
	ErrDropped = fmt.Errorf("%w: it was dropped", ErrNoKey)
)

// CacheFor is how long a fetched set is used without asking the source again, and PublishedFor how long others may
// use the published one (Cache-Control of JWKS). pkg/keys/rotation waits for both.
const (
	CacheFor     = 5 * time.Minute
	PublishedFor = 5 * time.Minute
)

// refetchEvery bounds how often unknown key ids, which an attacker may invent, cause a fetch.
const refetchEvery = 5 * time.Second

// Ring caches one key set: it fetches it at first use, again after CacheFor, and at once (rate-limited) for an unknown
// key id, one fetch at a time. While the source is down, or slow to answer another caller, it serves the stale set.
type Ring[Set any] struct {
	// OnStale, if set before first use, gets the error of the source while a stale set is served. It must not call
	// the ring.
	OnStale func(error)
	// Now is the clock; it may be set before first use.
	Now func() time.Time

	fetch    func(context.Context) (*Set, error)
	fetching sync.Mutex // held while the source is asked
	latest   atomic.Pointer[fetched[Set]]
}

// fetched is what the latest fetch left behind. It never changes.
type fetched[Set any] struct {
	set    *Set      // nil before the first success
	at     time.Time // when the fetch of the set began
	tried  time.Time // the end of the latest fetch
	failed error     // of the latest fetch
}

// NewRing makes a ring that fetches from a source.
func NewRing[Set any](fetch func(context.Context) (*Set, error)) *Ring[Set] {
	r := &Ring[Set]{Now: time.Now, fetch: fetch}
	r.latest.Store(&fetched[Set]{})
	return r
}

// Get returns the set, at most five minutes old unless its source is down or is being asked. Errors: ErrUnavailable.
func (r *Ring[Set]) Get(ctx context.Context) (*Set, error) {
	set, err := r.get(ctx, CacheFor)
	if set != nil {
		return set, nil
	}
	return nil, err
}

// Refetch returns a set that was fetched within refetchEvery, for an id that the cached set does not have. It returns no
// stale set, which cannot distinguish a new id from an invented one. Errors: ErrUnavailable.
func (r *Ring[Set]) Refetch(ctx context.Context) (*Set, error) {
	set, err := r.get(ctx, refetchEvery)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// Renew fetches the set, for what the cached one cannot explain. It may be used only where no attacker can cause it, since
// it is not rate-limited. Errors: ErrUnavailable.
func (r *Ring[Set]) Renew(ctx context.Context) (*Set, error) {
	r.fetching.Lock()
	defer r.fetching.Unlock()
	set, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// get returns the cached set, nil before the first success, and the error for which it may be older than maxAge.
func (r *Ring[Set]) get(ctx context.Context, maxAge time.Duration) (*Set, error) {
	known, now := r.latest.Load(), r.Now()
	switch {
	case known.set != nil && now.Sub(known.at) < maxAge:
		return known.set, nil
	case known.set != nil && now.Sub(known.tried) < refetchEvery:
		return known.set, known.failed
	case known.set == nil || maxAge < CacheFor: // only the source can tell
		r.fetching.Lock()
	case !r.fetching.TryLock():
		return known.set, nil
	}
	defer r.fetching.Unlock()
	if other := r.latest.Load(); other != known { // a fetch of another caller has ended, well or not
		return other.set, other.failed
	}
	return r.load(ctx)
}

// load fetches the set. It returns the cached one with the error of the source. The caller holds r.fetching.
func (r *Ring[Set]) load(ctx context.Context) (*Set, error) {
	next, began := *r.latest.Load(), r.Now()
	set, err := r.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return next.set, err // the caller cancelled; the source may be up, so the next caller fetches at once
	}
	next.tried, next.failed = r.Now(), err // counted from the end of the fetch, which may take long
	if err == nil {
		next.set, next.at = set, began
	} else if next.set != nil && r.OnStale != nil {
		r.OnStale(err)
	}
	r.latest.Store(&next)
	return next.set, err
}

// FindTokenKey returns the token key with an id, and fetches again if the id is unknown or dropped. Errors: ErrNoKey,
// ErrDropped, ErrUnavailable.
func FindTokenKey(ctx context.Context, r *Ring[TokenSet], id TokenKeyID) (TokenKey, error) {
	return find(ctx, r, func(s *TokenSet) (TokenKey, error) { return s.Find(id) })
}

// FindPublicKey returns the public key with a kid, and fetches again if the kid is unknown. Errors: ErrNoKey,
// ErrUnavailable.
func FindPublicKey(ctx context.Context, r *Ring[PublicSet], kid string) (PublicKey, error) {
	return find(ctx, r, func(s *PublicSet) (PublicKey, error) { return s.Find(kid) })
}

// FindPastKey returns the public half of a past signing key, and fetches again if the kid is unknown. Errors: ErrNoKey,
// ErrUnavailable.
func FindPastKey(ctx context.Context, r *Ring[SigningSet], kid string) (PublicKey, error) {
	return find(ctx, r, func(s *SigningSet) (PublicKey, error) { return s.Past(kid) })
}

func find[Set, Key any](ctx context.Context, r *Ring[Set], in func(*Set) (Key, error)) (Key, error) {
	var none Key
	set, err := r.Get(ctx)
	if err != nil {
		return none, err
	}
	key, err := in(set)
	if !errors.Is(err, ErrNoKey) {
		return key, err
	}
	if set, err = r.Refetch(ctx); err != nil {
		return none, err
	}
	return in(set)
}
