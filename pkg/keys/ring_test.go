package keys

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// source is a source of keys that the test controls, with its own clock.
type source struct {
	ring    *Ring[TokenSet]
	set     *TokenSet
	err     error
	during  func(context.Context) // while a fetch runs
	fetches atomic.Int32
	clock   atomic.Int64
}

var errDown = errors.New("source down")

func newSource() *source {
	s := &source{set: setOf(1)}
	s.ring = NewRing(func(ctx context.Context) (*TokenSet, error) {
		s.fetches.Add(1)
		if s.during != nil {
			s.during(ctx)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.err != nil {
			return nil, s.err
		}
		return s.set, nil
	})
	s.ring.Now = func() time.Time { return time.Unix(1_700_000_000, s.clock.Load()) }
	return s
}

func (s *source) pass(d time.Duration) { s.clock.Add(int64(d)) }

func (s *source) wantFetches(t *testing.T, want int32) {
	t.Helper()
	if got := s.fetches.Load(); got != want {
		t.Errorf("got %d fetches, want %d", got, want)
	}
}

func setOf(ids ...TokenKeyID) *TokenSet {
	set := &TokenSet{byID: map[TokenKeyID]TokenKey{}}
	for _, id := range ids {
		set.byID[id] = TokenKey{ID: id}
		set.Active = set.byID[id]
	}
	return set
}

// Law 8: fetched once per container, cached 5 minutes.
func TestRingCachesFiveMinutes(t *testing.T) {
	s := newSource()
	s.wantFetches(t, 0)
	for range 10 {
		if set, err := s.ring.Get(t.Context()); err != nil || set != s.set {
			t.Fatal(err)
		}
	}
	s.pass(CacheFor - 1)
	_, _ = s.ring.Get(t.Context())
	s.wantFetches(t, 1)
	s.pass(1)
	s.set = setOf(2)
	if set, _ := s.ring.Get(t.Context()); set != s.set {
		t.Errorf("got %v, want the new set", set)
	}
	s.wantFetches(t, 2)
}

// Law 8: refetched at once on an unknown key id.
func TestRingRefetchesOnAnUnknownID(t *testing.T) {
	s := newSource()
	if _, err := FindTokenKey(t.Context(), s.ring, 1); err != nil {
		t.Fatal(err)
	}
	s.pass(refetchEvery)
	s.set = setOf(1, 2)
	if k, err := FindTokenKey(t.Context(), s.ring, 2); err != nil || k.ID != 2 {
		t.Errorf("got key %s, %v, want the new key", k.ID, err)
	}
	s.wantFetches(t, 2)
}

// An attacker who invents ids causes at most one fetch in refetchEvery.
func TestRingLimitsRefetches(t *testing.T) {
	s := newSource()
	for second := range 60 {
		for i := range 100 {
			if _, err := FindTokenKey(t.Context(), s.ring, TokenKeyID(1000+i)); !errors.Is(err, ErrNoKey) {
				t.Fatalf("got %v, want %v", err, ErrNoKey)
			}
		}
		if got, most := s.fetches.Load(), int32(1+second/5); got > most {
			t.Fatalf("got %d fetches in %d s, want at most %d", got, second, most)
		}
		s.pass(time.Second)
	}
	if s.fetches.Load() < 10 {
		t.Errorf("got %d fetches in a minute, want at least 10: new keys would be found late", s.fetches.Load())
	}
}

func TestRingLimitsRefetchesOfASourceThatIsDown(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.err = errDown
	for range 60 {
		for i := range 10 {
			_, _ = FindTokenKey(t.Context(), s.ring, TokenKeyID(1000+i))
			_, _ = s.ring.Get(t.Context())
		}
		s.pass(time.Second)
	}
	if got := s.fetches.Load(); got > 13 {
		t.Errorf("got %d fetches in a minute, want at most 13", got)
	}
}

// The pause after a failure counts from its end, so that a slow source is not asked more often than a fast one.
func TestRingPausesAfterASlowFailure(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.pass(CacheFor)
	s.err = errDown
	s.during = func(context.Context) { s.pass(time.Minute) }
	for range 10 {
		if set, err := s.ring.Get(t.Context()); set == nil || err != nil {
			t.Fatal(err)
		}
	}
	s.wantFetches(t, 2)
}

func TestRingFetchesOnceForManyCallers(t *testing.T) {
	s := newSource()
	for round := range int32(3) {
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if set, err := s.ring.Get(t.Context()); set == nil || err != nil {
					t.Errorf("Get: %v", err)
				}
				if _, err := FindTokenKey(t.Context(), s.ring, 99); !errors.Is(err, ErrNoKey) {
					t.Errorf("FindTokenKey: got %v, want %v", err, ErrNoKey)
				}
			})
		}
		all.Wait()
		s.wantFetches(t, round+1)
		s.pass(CacheFor)
	}
}

// Law 8: while the source is down the stale set is served, and OnStale gets the error.
func TestRingServesStaleKeysWhileTheSourceIsDown(t *testing.T) {
	s := newSource()
	var stale []error
	s.ring.OnStale = func(err error) { stale = append(stale, err) }
	_, _ = s.ring.Get(t.Context())
	s.err = errDown
	for range 3 {
		s.pass(24 * time.Hour)
		for range 10 {
			if _, err := FindTokenKey(t.Context(), s.ring, 1); err != nil {
				t.Fatalf("got %v, want the known key", err)
			}
		}
	}
	if len(stale) != 3 || !errors.Is(stale[0], errDown) {
		t.Errorf("OnStale got %v, want the error of the source three times", stale)
	}
	s.err, s.set = nil, setOf(2)
	s.pass(refetchEvery)
	if set, _ := s.ring.Get(t.Context()); set != s.set {
		t.Errorf("got %v after the source is up again, want the new set", set)
	}
}

// Law 8: only the source decides that an id is unknown. While it is down the answer is 503, since the token may have a
// new key.
func TestAnUnknownIDIsUnavailableWhileTheSourceIsDown(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.pass(refetchEvery)
	s.err = errDown
	for range 3 {
		if _, err := FindTokenKey(t.Context(), s.ring, 2); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v, want %v", err, ErrUnavailable)
		}
		s.pass(time.Second)
	}
	s.wantFetches(t, 2)
	s.err, s.set = nil, setOf(1, 2)
	s.pass(refetchEvery)
	if _, err := FindTokenKey(t.Context(), s.ring, 2); err != nil {
		t.Errorf("got %v, want the new key", err)
	}
}

// Law 8: without a key set the answer is 503, and each caller asks the source again.
func TestRingWithoutAnyKeysIsUnavailable(t *testing.T) {
	s := newSource()
	s.err = errDown
	for want := range int32(3) {
		set, err := s.ring.Get(t.Context())
		if set != nil || !errors.Is(err, ErrUnavailable) || !errors.Is(err, errDown) {
			t.Fatalf("got %v, %v, want %v", set, err, ErrUnavailable)
		}
		if _, err := FindTokenKey(t.Context(), s.ring, 1); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("got %v, want %v", err, ErrUnavailable)
		}
		s.wantFetches(t, 2*(want+1))
	}
	s.err = nil
	if set, err := s.ring.Get(t.Context()); set == nil || err != nil {
		t.Errorf("got %v, %v after the first success, want the set", set, err)
	}
}

// The failure of a caller who cancels is not shared: the next caller asks the source at once.
func TestACancelledFetchDoesNotDelayTheNextCaller(t *testing.T) {
	for what, warm := range map[string]bool{"cold": false, "stale": true} {
		s := newSource()
		if warm {
			_, _ = s.ring.Get(t.Context())
			s.pass(CacheFor)
		}
		before := s.fetches.Load()
		ctx, cancel := context.WithCancel(t.Context())
		s.during = func(context.Context) { cancel() }
		if set, err := s.ring.Get(ctx); warm != (set != nil) || warm == errors.Is(err, context.Canceled) {
			t.Errorf("%s: the cancelled caller got %v, %v, want a set only if warm", what, set, err)
		}
		s.during, s.set = nil, setOf(7)
		if _, err := FindTokenKey(t.Context(), s.ring, 7); err != nil {
			t.Errorf("%s: the next caller got %v, want the key", what, err)
		}
		s.wantFetches(t, before+2)
	}
}

// A deadline that passes during a fetch counts as a failure of the source: others get the stale set without a wait.
func TestRingTreatsADeadlineAsFailure(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.pass(CacheFor)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for range 5 {
		if set, err := s.ring.Get(ctx); set == nil || err != nil {
			t.Fatal(err)
		}
	}
	s.wantFetches(t, 2)
}

// What an older set cannot explain is looked for in a new one, at once.
func TestRenewFetchesAtOnce(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.set = setOf(1, 2)
	if set, err := s.ring.Renew(t.Context()); err != nil || set != s.set {
		t.Errorf("right after a fetch: got %v, %v, want the new set", set, err)
	}
	s.wantFetches(t, 2)
	s.err = errDown
	if set, err := s.ring.Renew(t.Context()); set != nil || !errors.Is(err, ErrUnavailable) {
		t.Errorf("while the source is down: got %v, %v, want %v", set, err, ErrUnavailable)
	}
	if set, err := s.ring.Get(t.Context()); err != nil || set != s.set {
		t.Errorf("after that: got %v, %v, want the cached set", set, err)
	}
}
