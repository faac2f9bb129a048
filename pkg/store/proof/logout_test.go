package proof

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func newSimulation(t *testing.T, overlap time.Duration) *simulation {
	t.Helper()
	before, after := keys.GenerateTokenKey(keys.Active), keys.GenerateTokenKey(keys.Next)
	sim := &simulation{store: fixture.Store(t, fixture.Noon), overlap: overlap, signing: fixture.Unsigned()}
	sim.tokens[0] = fixture.Must(keys.ParseTokenSet(fixture.Must(keys.MarshalDocument(before, after))))
	before.Status, after.Status = keys.Retired, keys.Active
	sim.tokens[1] = fixture.Must(keys.ParseTokenSet(fixture.Must(keys.MarshalDocument(before, after))))
	return sim
}

// browsers runs n sessions. It returns the errors with their seeds, and how often each outcome occurred.
func browsers(n int, sim *simulation, check func(*browser) error) (wrong []error, seen map[session.Outcome]int) {
	var mu sync.Mutex
	var seeds atomic.Uint64
	var workers sync.WaitGroup
	seen = map[session.Outcome]int{}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := seeds.Add(1); seed <= uint64(n); seed = seeds.Add(1) {
				b := newBrowser(seed, sim)
				b.run()
				err := check(b)
				_ = sim.store.DeleteBatch(context.Background(), []session.Key{b.key})
				mu.Lock()
				for outcome, times := range b.seen {
					seen[outcome] += times
				}
				if err != nil {
					wrong = append(wrong, fmt.Errorf("seed %d: %w", seed, err))
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return wrong, seen
}

// survived wants a session that met no refusal, and one more successful refresh.
func (b *browser) survived() error {
	g, err := b.containers[0].Refresh(context.Background(), session.RefreshRequest{Token: b.jar})
	b.note(g, err)
	if b.loggedOut != nil || err != nil {
		return fmt.Errorf("got a logout, want none: %w", errors.Join(b.loggedOut, err))
	}
	b.jar = g.Refresh.Reveal()
	return nil
}

// replayed presents an old token after its window, and wants the session to end.
func (b *browser) replayed() error {
	if len(b.texts) < 2 {
		return nil
	}
	b.clock.Pass(time.Minute + time.Second)
	stolen := b.texts[b.random.IntN(len(b.texts)-1)]
	if stolen == b.jar {
		return nil // a restored table: it is the current one
	}
	if _, err := b.containers[1].Refresh(context.Background(), session.RefreshRequest{Token: stolen}); !errors.Is(err, session.ErrReused) {
		return fmt.Errorf("a replay: got %w, want %w", err, session.ErrReused)
	}
	if _, err := b.containers[2].Refresh(context.Background(), session.RefreshRequest{Token: b.jar}); !errors.Is(err, session.ErrUnknown) {
		return fmt.Errorf("the newest token after a replay: got %w, want %w", err, session.ErrUnknown)
	}
	return nil
}

// Law 4 and the doc of this package: no honest client is logged out, and every replay is caught.
func TestNobodyIsLoggedOutAndEveryReplayIsCaught(t *testing.T) {
	fixture.WithoutRaceDetector(t) // a session is one goroutine, except for the read of the application
	n := times(10_000, 100)
	if testing.Short() {
		n = 500
	}
	sim := newSimulation(t, 30*time.Second)
	if unanswered > sim.overlap {
		t.Fatalf("got clients that present a token after %v, want at most the overlap of %v", unanswered, sim.overlap)
	}
	var tooLate atomic.Int64
	wrong, seen := browsers(n, sim, func(b *browser) error {
		if b.tooLate {
			tooLate.Add(1)
			return nil
		}
		if err := b.survived(); err != nil {
			return err
		}
		return b.replayed()
	})
	t.Logf("%d sessions, %v: %d logged out or not caught, %d outside the promise after an outage", n, seen, len(wrong), tooLate.Load())
	for _, err := range wrong[:min(len(wrong), 5)] {
		t.Error(err)
	}
	for _, outcome := range []session.Outcome{session.Rotated, session.Retried, session.RolledForward} {
		if seen[outcome] == 0 {
			t.Errorf("got outcomes %v, want some %q", seen, outcome)
		}
	}
}

// The proof can fail: an overlap that is shorter than the clients need logs some of them out.
func TestTooShortAnOverlapIsNoticed(t *testing.T) {
	wrong, _ := browsers(200, newSimulation(t, time.Second), (*browser).survived)
	if len(wrong) == 0 {
		t.Error("got no logout, want some")
	}
}
