package keys

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// source is a key source under the test's control, on a clock of its own.
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
		t.Errorf("%d fetches instead of %d", got, want)
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
		t.Error("an old set is served")
	}
	s.wantFetches(t, 2)
}

// Law 8: refetched at once on an unknown key id.
func TestRingRefetchesOnAnUnknownID(t *testing.T) {
	s := newSource()
	if _, found, err := FindTokenKey(t.Context(), s.ring, 1); !found || err != nil {
		t.Fatal(err)
	}
	s.pass(refetchEvery)
	s.set = setOf(1, 2)
	if k, found, err := FindTokenKey(t.Context(), s.ring, 2); !found || err != nil || k.ID != 2 {
		t.Errorf("a new key is not found: %v", err)
	}
	s.wantFetches(t, 2)
}

// An attacker who invents ids causes at most one fetch in five seconds.
func TestRingLimitsRefetches(t *testing.T) {
	s := newSource()
	for second := range 60 {
		for i := range 100 {
			if _, found, err := FindTokenKey(t.Context(), s.ring, TokenKeyID(1000+i)); found || err != nil {
				t.Fatalf("found %v, %v", found, err)
			}
		}
		if got, most := s.fetches.Load(), int32(1+second/5); got > most {
			t.Fatalf("%d fetches in %d s", got, second)
		}
		s.pass(time.Second)
	}
	if s.fetches.Load() < 10 {
		t.Errorf("only %d fetches in a minute: new keys would be found late", s.fetches.Load())
	}
}

func TestRingLimitsRefetchesOfASourceThatIsDown(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.err = errDown
	for range 60 {
		for i := range 10 {
			_, _, _ = FindTokenKey(t.Context(), s.ring, TokenKeyID(1000+i))
			_, _ = s.ring.Get(t.Context())
		}
		s.pass(time.Second)
	}
	if got := s.fetches.Load(); got > 13 {
		t.Errorf("%d fetches in a minute", got)
	}
}

// A source that hangs is asked no more often than one that fails: the pause counts from the end of the try.
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
				if _, _, err := FindTokenKey(t.Context(), s.ring, 99); err != nil {
					t.Errorf("FindTokenKey: %v", err)
				}
			})
		}
		all.Wait()
		s.wantFetches(t, round+1)
		s.pass(CacheFor)
	}
}

// Law 8 and the package's word: a stale set keeps serving the keys that it has while its source is down, and the
// edge hears of it.
func TestRingServesStaleKeysWhileTheSourceIsDown(t *testing.T) {
	s := newSource()
	var told []error
	s.ring.OnStale = func(err error) { told = append(told, err) }
	_, _ = s.ring.Get(t.Context())
	s.err = errDown
	for range 3 {
		s.pass(24 * time.Hour)
		for range 10 {
			if _, found, err := FindTokenKey(t.Context(), s.ring, 1); !found || err != nil {
				t.Fatalf("a known key is gone: %v", err)
			}
		}
	}
	if len(told) != 3 || !errors.Is(told[0], errDown) {
		t.Errorf("OnStale heard %v", told)
	}
	s.err, s.set = nil, setOf(2)
	s.pass(refetchEvery)
	if set, _ := s.ring.Get(t.Context()); set != s.set {
		t.Error("a source that is back is not asked")
	}
}

// Law 8: an unknown id is "unknown" only if the source says so. While it is down the answer is 503: a client whose
// token stands under a new key must not be told that it is forged.
func TestRingKnowsNothingOfUnknownIDsWhileTheSourceIsDown(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.pass(refetchEvery)
	s.err = errDown
	for range 3 {
		if _, found, err := FindTokenKey(t.Context(), s.ring, 2); found || !errors.Is(err, ErrUnavailable) {
			t.Errorf("found %v, %v", found, err)
		}
		s.pass(time.Second)
	}
	s.wantFetches(t, 2)
	s.err, s.set = nil, setOf(1, 2)
	s.pass(refetchEvery)
	if _, found, err := FindTokenKey(t.Context(), s.ring, 2); !found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

// Law 8: a missing key set answers 503, and is asked for again by each caller.
func TestRingWithoutAnyKeysIsUnavailable(t *testing.T) {
	s := newSource()
	s.err = errDown
	for want := range int32(3) {
		set, err := s.ring.Get(t.Context())
		if set != nil || !errors.Is(err, ErrUnavailable) || !errors.Is(err, errDown) {
			t.Fatalf("set %v, %v", set, err)
		}
		if _, found, err := FindTokenKey(t.Context(), s.ring, 1); found || !errors.Is(err, ErrUnavailable) {
			t.Fatalf("found %v, %v", found, err)
		}
		s.wantFetches(t, 2*(want+1))
	}
	s.err = nil
	if set, err := s.ring.Get(t.Context()); set == nil || err != nil {
		t.Errorf("the first success does not serve at once: %v", err)
	}
}

// A caller who gives up poisons nobody: the next one asks the source itself, at once.
func TestRingSurvivesACallerWhoGivesUp(t *testing.T) {
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
			t.Errorf("%s: the cancelled caller got %v, %v", what, set, err)
		}
		s.during, s.set = nil, setOf(7)
		if _, found, err := FindTokenKey(t.Context(), s.ring, 7); !found || err != nil {
			t.Errorf("%s: the next caller got %v, %v", what, found, err)
		}
		s.wantFetches(t, before+2)
	}
}

// A deadline that passes during a fetch is the source's fault: stale keys serve the others without waiting again.
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
