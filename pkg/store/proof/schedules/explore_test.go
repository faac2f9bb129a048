package schedules

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// scenario is a few clients and what the laws say of all their schedules.
type scenario struct {
	name     string
	settings func(*session.Settings)
	ordered  bool    // the law depends on the order of requests that commute
	faults   int     // how many requests of one schedule may meet a fault
	kinds    []fault // of these kinds
	long     bool    // explored by nightly runs alone
	wide     bool    // the same without the reduction

	contended     bool // logins may evict each other until one gives up
	repeatsCreate bool // a mistake: creations are repeated like any other write
	hooked        bool // each refresh asks a claims hook

	setUp func(s *schedule) (check func())
}

// faultsOf lists the faults that a request may meet. A lost or delayed read equals one that is carried out later.
func (c scenario) faultsOf(r *request) (kinds []fault) {
	for _, kind := range c.kinds {
		if r.write || kind == crashBefore {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// exploration is the result of the schedules of a scenario.
type exploration struct {
	schedules, equivalent int
	violation             string          // of the first schedule in which a law does not hold
	outcomes              map[string]bool // the answers to all clients, in each schedule
}

// explore plays every schedule of a scenario, up to the first one that violates a law.
func explore(t *testing.T, c scenario, mistake func(session.Store) session.Store) (e exploration) {
	t.Helper()
	e.outcomes = map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		g := newEnvironment(t, mistake)
		var path []int
		for number := 0; path != nil || number == 0; number++ {
			s := &schedule{
				environment: g, scenario: c, path: path, faults: c.faults, tenant: fmt.Sprintf("tenant-%07d", number),
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

// prepare makes the application and sets the scenario up.
func (s *schedule) prepare() (check func()) {
	app := fixture.Application(s.tenant, web, func(settings *session.Settings) {
		settings.MaxSessionsPerUser = 0
		if s.scenario.settings != nil {
			s.scenario.settings(settings)
		}
	})
	if _, err := s.store.PutApplication(s.t.Context(), app); err != nil {
		s.t.Fatal(err)
	}
	return s.scenario.setUp(s)
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

// outcome lists the answers to each client, in their order.
func (s *schedule) outcome() string {
	var all []string
	for _, a := range s.clients {
		for _, w := range s.of(a) {
			all = append(all, w.String())
		}
	}
	return strings.Join(all, "\n")
}

// nightly reports whether the long scenarios are explored.
func nightly() bool { return os.Getenv("PROOF") == "long" }

// nightlyTimes is n in nightly runs and 1 otherwise.
func nightlyTimes(n int) int {
	if nightly() {
		return n
	}
	return 1
}

func TestEveryScheduleKeepsTheLaws(t *testing.T) {
	fixture.WithoutRaceDetector(t)
	for _, c := range scenarios() {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !nightly() || c.ordered && testing.Short() {
				t.Skip("make check explores it, or PROOF=long")
			}
			e := explore(t, c, nil)
			t.Logf("%d schedules with %d outcomes; %d left out as equivalent", e.schedules, len(e.outcomes), e.equivalent)
			if e.violation != "" {
				t.Error(e.violation)
			}
			if e.schedules < 2 {
				t.Errorf("got %d schedules, want several", e.schedules)
			}
		})
	}
}

// Small scenarios have the same outcomes without the reduction.
func TestTheReductionLosesNoOutcome(t *testing.T) {
	if testing.Short() {
		t.Skip("it explores scenarios without the reduction")
	}
	fixture.WithoutRaceDetector(t)
	for _, c := range scenarios() {
		if c.ordered || c.long || c.faults > 1 || c.wide && !nightly() {
			continue
		}
		reduced := explore(t, c, nil)
		c.ordered = true
		full := explore(t, c, nil)
		t.Logf("%s: %d of %d schedules, %d outcomes", c.name, reduced.schedules, full.schedules, len(full.outcomes))
		for outcome := range full.outcomes {
			if !reduced.outcomes[outcome] {
				t.Errorf("%s: got no such outcome with the reduction, want it:\n%s", c.name, outcome)
			}
		}
	}
}
