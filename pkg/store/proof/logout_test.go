package proof

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// schedules runs so many random schedules and returns what went wrong in each, with its seed.
func schedules(n int, do func(seed uint64) error) (wrong []error) {
	var mu sync.Mutex
	var seeds atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := seeds.Add(1); seed <= uint64(n); seed = seeds.Add(1) {
				if err := do(seed); err != nil {
					mu.Lock()
					wrong = append(wrong, fmt.Errorf("seed %d: %w", seed, err))
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return wrong
}

func report(t *testing.T, wrong []error) {
	t.Helper()
	for _, err := range wrong[:min(len(wrong), 5)] {
		t.Error(err)
	}
	if len(wrong) > 5 {
		t.Errorf("and %d more", len(wrong)-5)
	}
}

// survived wants a session that lived through its schedule without a refusal, and lives on.
func (b *browser) survived() error {
	if b.loggedOut != nil {
		return fmt.Errorf("logged out: %w", b.loggedOut)
	}
	b.calm = true
	g, err := b.service.Refresh(context.Background(), session.RefreshRequest{Token: b.tokens[len(b.tokens)-1]})
	if err != nil {
		return fmt.Errorf("the last token does not refresh: %w", err)
	}
	b.learn(g)
	return nil
}

// replayed presents a token two or more generations old, and wants the session to be over.
func (b *browser) replayed() error {
	if len(b.tokens) < 3 {
		return nil
	}
	newest := b.tokens[len(b.tokens)-1]
	stolen := b.tokens[b.dice.IntN(len(b.tokens)-2)]
	b.calm = b.dice.IntN(2) == 0
	b.now = b.now.Add(b.upTo(lifetime))
	var err error
	unanswered := 0
	for ; ; unanswered++ {
		_, err = b.service.Refresh(context.Background(), session.RefreshRequest{Token: stolen})
		if !errors.Is(err, session.ErrUnavailable) {
			break
		}
	}
	b.calm = true
	caught := errors.Is(err, session.ErrReused) || unanswered > 0 && errors.Is(err, session.ErrUnknown)
	if !caught || b.stored != nil {
		return fmt.Errorf("a replay was answered %v, stored %v", err, b.stored != nil)
	}
	if _, err := b.service.Refresh(context.Background(), session.RefreshRequest{Token: newest}); !errors.Is(err, session.ErrUnknown) {
		return fmt.Errorf("the newest token of a session that ended is answered %w", err)
	}
	return nil
}

// Law 4 and the doc of this package: nobody is logged out without a thief, and every thief is caught.
func TestNoScheduleLogsAnybodyOutAndEveryReplayIsCaught(t *testing.T) {
	kit := newSimulation(30 * time.Second)
	if inTime > kit.overlap || inTime > lifetime {
		t.Fatalf("the simulated clients are not those that the laws protect: %v", inTime)
	}
	n := times(100_000, 20)
	switch {
	case testing.Short():
		n = 5000
	case raceEnabled:
		withoutRaceDetector(t)
		n = 1000
	}
	var rotations, retries, replays atomic.Int64
	report(t, schedules(n, func(seed uint64) error {
		b := newBrowser(seed, kit)
		b.live(2 + b.dice.IntN(8)/6)
		if err := b.survived(); err != nil {
			return err
		}
		rotations.Add(int64(len(b.tokens) - 1))
		retries.Add(int64(b.retries))
		replays.Add(1)
		return b.replayed()
	}))
	t.Logf("%d rotations, %d retries, %d replays", rotations.Load(), retries.Load(), replays.Load())
}

// withoutRaceDetector runs the test in a process that lacks the race detector, which takes ten times as long: a
// schedule is one goroutine but for the read of the application.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=0", "-v", "-run", "^"+t.Name()+"$", ".").CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Errorf("without the race detector: %v", err)
	}
}

// The proof can fail: an overlap that is shorter than the clients need logs some of them out.
func TestTooShortAnOverlapIsNoticed(t *testing.T) {
	kit := newSimulation(5 * time.Second)
	if wrong := schedules(300, func(seed uint64) error {
		b := newBrowser(seed, kit)
		b.live(3)
		return b.survived()
	}); len(wrong) == 0 {
		t.Error("nobody was logged out")
	}
}

// What the laws do not promise, as the doc of this package says.
func TestUsingASuccessorClosesTheWindowAndSoDoesTheOverlap(t *testing.T) {
	refresh := func(b *browser, generation int) error {
		g, err := b.service.Refresh(context.Background(), session.RefreshRequest{Token: b.tokens[generation]})
		if err == nil {
			b.learn(g)
		}
		return err
	}
	b := newBrowser(1, newSimulation(30*time.Second))
	if err := errors.Join(refresh(b, 0), refresh(b, 0), refresh(b, 1)); err != nil {
		t.Fatal(err)
	}
	if err := refresh(b, 0); !errors.Is(err, session.ErrReused) {
		t.Errorf("a token whose successor was used: %v", err)
	}
	b = newBrowser(2, newSimulation(30*time.Second))
	if err := refresh(b, 0); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(30*time.Second + 2*skew)
	if err := refresh(b, 0); !errors.Is(err, session.ErrReused) {
		t.Errorf("a token that was rotated longer ago than the overlap: %v", err)
	}
}
