package schedules

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// cast is a few actors and what the laws say of all their schedules.
type cast struct {
	name     string
	settings func(*session.Settings)
	ordered  bool    // the law speaks of the order of requests that commute
	faults   int     // how many requests of one schedule may meet a fault
	kinds    []fault // of these kinds
	long     bool    // explored by nightly runs alone
	wide     bool    // the same without the reduction

	contended     bool // logins may take each other's place until one gives up
	repeatsCreate bool // a mistake: creations are repeated like any other write

	enter func(s *schedule) (check func())
}

// faultsOf are what may become of a request. A read that is lost or delayed is one that is carried out later.
func (c cast) faultsOf(r *request) (kinds []fault) {
	for _, kind := range c.kinds {
		if r.write || kind == crashBefore {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// exploration is what came of a cast.
type exploration struct {
	schedules, equivalent int
	violation             string          // of the first schedule in which a law does not hold
	outcomes              map[string]bool // what all actors were answered, in each schedule
}

// explore plays every schedule of a cast, or those until a law is violated.
func explore(t *testing.T, c cast, mistake func(session.Store) session.Store) (e exploration) {
	t.Helper()
	e.outcomes = map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, mistake)
		var path []int
		for number := 0; path != nil || number == 0; number++ {
			s := &schedule{
				stage: g, cast: c, path: path, faults: c.faults, tenant: fmt.Sprintf("tenant-%07d", number),
				seen: map[string]int{}, deletedBy: map[string][]int{},
			}
			check := s.prepare()
			s.run()
			if s.pruned {
				e.equivalent++
			} else {
				e.schedules++
				e.outcomes[s.outcome()] = true
				check()
				s.oneSuccessor()
				s.noSurprise()
			}
			if len(s.violations) > 0 {
				e.violation = strings.Join(append(s.violations, s.trace...), "\n  ")
				return
			}
			path = s.next()
		}
	})
	return e
}

// prepare makes the application and lets the cast enter.
func (s *schedule) prepare() (check func()) {
	app := fixture.Application(s.tenant, web, func(settings *session.Settings) {
		settings.MaxSessionsPerUser = 0
		if s.cast.settings != nil {
			s.cast.settings(settings)
		}
	})
	if _, err := s.store.PutApplication(s.t.Context(), app); err != nil {
		s.t.Fatal(err)
	}
	return s.cast.enter(s)
}

// next is the path of the next schedule; nil after the last one.
func (s *schedule) next() []int {
	for last := len(s.widths) - 1; last >= 0; last-- {
		if s.path[last]+1 < s.widths[last] {
			return append(s.path[:last:last], s.path[last]+1)
		}
	}
	return nil
}

// outcome is what every actor was answered, in its order.
func (s *schedule) outcome() string {
	var all []string
	for _, a := range s.actors {
		for _, w := range s.of(a) {
			all = append(all, w.String())
		}
	}
	return strings.Join(all, "\n")
}

// nightly says whether the long casts are explored.
func nightly() bool { return os.Getenv("PROOF") == "long" }

// nightlyTimes is 1 but for nightly runs.
func nightlyTimes(n int) int {
	if nightly() {
		return n
	}
	return 1
}

func TestEveryScheduleKeepsTheLaws(t *testing.T) {
	withoutRaceDetector(t)
	for _, c := range casts() {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !nightly() || c.ordered && testing.Short() {
				t.Skip("make check explores it, or PROOF=long")
			}
			e := explore(t, c, nil)
			t.Logf("%d schedules with %d outcomes; %d were left as equivalent", e.schedules, len(e.outcomes), e.equivalent)
			if e.violation != "" {
				t.Error(e.violation)
			}
			if e.schedules < 2 {
				t.Errorf("got %d schedules, want several", e.schedules)
			}
		})
	}
}

// The reduction is sound as far as casts of this size show: without it there is no other outcome.
func TestTheReductionLosesNoOutcome(t *testing.T) {
	if testing.Short() {
		t.Skip("it explores casts without the reduction")
	}
	withoutRaceDetector(t)
	for _, c := range casts() {
		if c.ordered || c.long || c.faults > 1 || c.wide && !nightly() {
			continue
		}
		reduced := explore(t, c, nil)
		c.ordered = true
		full := explore(t, c, nil)
		t.Logf("%s: %d of %d schedules, %d outcomes", c.name, reduced.schedules, full.schedules, len(full.outcomes))
		for outcome := range full.outcomes {
			if !reduced.outcomes[outcome] {
				t.Errorf("%s: the reduction loses an outcome:\n%s", c.name, outcome)
			}
		}
	}
}

// withoutRaceDetector runs a test in a process that lacks the race detector, which takes ten times as long: between two
// requests of a schedule one goroutine runs.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if !raceEnabled {
		return
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=0", "-v", "-run", "^"+t.Name()+"$", ".").CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Errorf("without the race detector: %v", err)
	}
	t.SkipNow()
}
