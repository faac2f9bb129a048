package keys

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// A source that hangs holds up the caller who asks it and those with unknown ids, and nobody with a known key.
func TestRingServesStaleKeysWhileAnotherCallerFetches(t *testing.T) {
	s := newSource()
	_, _ = s.ring.Get(t.Context())
	s.pass(CacheFor)
	asked, answers := make(chan bool), make(chan bool)
	s.during = func(context.Context) {
		close(asked)
		<-answers
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := s.ring.Get(t.Context()); err != nil {
			t.Errorf("the caller who fetches: got %v, want none", err)
		}
	})
	<-asked
	served := make(chan error)
	go func() {
		_, err := FindTokenKey(t.Context(), s.ring, 1)
		served <- err
	}()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("a known key: got %v, want none", err)
		}
	case <-time.After(time.Minute):
		t.Error("a known key: it waits for the source")
	}
	close(answers)
	all.Wait()
	s.wantFetches(t, 2)
}

// Callers without any key who wait for one fetch share its failure: they do not ask one after the other.
func TestCallersWhoWaitShareAFailure(t *testing.T) {
	s := newSource()
	s.err = errDown
	waiting, answers := make(chan bool, 64), make(chan bool)
	s.during = func(context.Context) { <-answers }
	s.ring.Now = func() time.Time { // the first thing that a caller does, after it has seen the latest fetch
		waiting <- true
		return time.Unix(1_700_000_000, 0)
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if set, err := s.ring.Get(t.Context()); set != nil || !errors.Is(err, errDown) {
				t.Errorf("got %v, %v, want %v", set, err, errDown)
			}
		})
	}
	for range 11 { // each caller, and the one who fetches once more
		<-waiting
	}
	close(answers)
	all.Wait()
	s.wantFetches(t, 1)
}
