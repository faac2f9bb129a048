package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// fault is what happens to a request that the store is about to carry out.
type fault string

const (
	none        fault = ""
	lost        fault = ", whose answer is lost"
	late        fault = ", delayed"
	crashBefore fault = ", before which the container ends"
	crashAfter  fault = ", after which the container ends"
)

var (
	errCrashed = errors.New("the container has ended")
	errLost    = fmt.Errorf("%w: no answer", session.ErrUnavailable)
)

// request is a verb of the store that waits to be carried out.
type request struct {
	name   string // unique in its schedule
	client int
	from   *container
	items  []string // that it touches
	write  bool
	once   bool // the SDK does not repeat it

	granted chan fault
	late    func() // carries out a delayed first attempt
}

// option is one way in which a schedule may go on.
type option struct {
	*request

	fault fault
}

func (o option) String() string { return o.name + string(o.fault) }

// commutes reports whether the order of two options makes no difference to any client.
func (o option) commutes(other option) bool {
	switch {
	case o.name == other.name, o.fault != none && other.fault != none:
		return false
	case o.client == other.client && (o.fault != none || other.fault != none):
		return false
	case !o.write && !other.write:
		return true
	}
	return !slices.ContainsFunc(o.items, func(item string) bool { return slices.Contains(other.items, item) })
}

// schedule is one run of a scenario: it follows the path and then takes the first option everywhere.
type schedule struct {
	*environment

	scenario scenario
	tenant   string // one for each schedule
	path     []int
	widths   []int    // how many options there were at each step
	trace    []string // the options taken
	asleep   []option
	pruned   bool // an equivalent schedule was explored

	mu         sync.Mutex
	pending    []*request
	seen       map[string]int // requests by client and verb
	faults     int            // that may still happen
	step       int
	clients    []*client
	answers    []answer
	deletedBy  map[string][]int // clients that deleted a session, by its id
	hook       session.HookAnswer
	violations []string
}

// run runs the clients to their ends.
func (s *schedule) run() {
	for _, a := range s.clients {
		go a.play()
	}
	for {
		synctest.Wait()
		options := s.options()
		if len(options) == 0 {
			return
		}
		awake := slices.DeleteFunc(slices.Clone(options), s.sleeps)
		if len(awake) == 0 {
			s.pruned = true
			s.abandon()
			return
		}
		if s.step == len(s.path) {
			s.path = append(s.path, 0)
		}
		chosen := awake[s.path[s.step]]
		s.widths = append(s.widths, len(awake))
		s.trace = append(s.trace, chosen.String())
		s.fallAsleep(awake[:s.path[s.step]], chosen)
		s.step++
		s.take(chosen)
	}
}

func (s *schedule) sleeps(o option) bool {
	return slices.ContainsFunc(s.asleep, func(other option) bool { return o.String() == other.String() })
}

// fallAsleep keeps out the options explored before the chosen one, until the schedule takes one that does not commute.
func (s *schedule) fallAsleep(explored []option, chosen option) {
	if s.scenario.ordered {
		return
	}
	all := append(slices.Clone(s.asleep), explored...)
	s.asleep = slices.DeleteFunc(all, func(o option) bool { return !o.commutes(chosen) })
}

// options lists all ways to go on, in an order that does not depend on goroutines.
func (s *schedule) options() (all []option) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.pending, func(a, b *request) int { return cmp.Compare(a.name, b.name) })
	for _, r := range s.pending {
		all = append(all, option{r, none})
		if s.faults == 0 || r.late != nil {
			continue
		}
		for _, f := range s.scenario.faultsOf(r) {
			all = append(all, option{r, f})
		}
	}
	return all
}

// take lets the store carry out a request.
func (s *schedule) take(o option) {
	s.mu.Lock()
	s.pending = slices.DeleteFunc(s.pending, func(r *request) bool { return r == o.request })
	if o.fault != none {
		s.faults--
	}
	if o.late == nil {
		s.clients[o.client].begun(s.step)
	}
	crashed := o.fault == crashBefore || o.fault == crashAfter
	var dropped []*request
	if crashed {
		o.from.ended = true
		s.pending = slices.DeleteFunc(s.pending, func(r *request) bool {
			drop := r.from == o.from && r.late == nil
			if drop {
				dropped = append(dropped, r)
			}
			return drop
		})
	}
	s.mu.Unlock()
	if o.late != nil {
		o.late()
		return
	}
	o.granted <- o.fault
	for _, r := range dropped {
		r.granted <- crashBefore
	}
}

// abandon ends the calls under way.
func (s *schedule) abandon() {
	s.mu.Lock()
	for _, a := range s.clients {
		a.abandoned = true
	}
	waiting := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, r := range waiting {
		if r.late == nil {
			r.granted <- crashBefore
		}
	}
	synctest.Wait()
}

// add makes a request wait.
func (s *schedule) add(r *request, verb string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.clients[r.client].name + ": " + verb
	s.seen[name]++
	r.name = fmt.Sprintf("%s %d", name, s.seen[name])
	s.pending = append(s.pending, r)
}

// violated notes that a law does not hold in this schedule.
func (s *schedule) violated(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// container is a process of the service. Its requests wait until the schedule takes them.
type container struct {
	session.Store

	client *client
	open   bool // its requests do not wait
	ended  bool
}

// send carries out a request of a container when its time has come.
func send[T any](c *container, r request, verb string, do func() (T, error)) (T, error) {
	var zero T
	s := c.client.schedule
	if c.open {
		return do()
	}
	for {
		one := r
		one.client, one.from, one.granted = c.client.index, c, make(chan fault)
		s.mu.Lock()
		over := c.ended || c.client.abandoned
		s.mu.Unlock()
		if over {
			return zero, errCrashed
		}
		s.add(&one, verb)
		switch <-one.granted {
		case crashBefore:
			return zero, errCrashed
		case crashAfter:
			_, _ = do()
			return zero, errCrashed
		case lost:
			_, _ = do()
		case late:
			arrives := one
			arrives.late = func() { _, _ = do() }
			s.add(&arrives, "(delayed) "+verb)
		default:
			return do()
		}
		if r.once {
			return zero, errLost
		}
	}
}

func application(key session.Key) string { return "application " + key.Application }

func partition(key session.Key) string { return "sessions of " + key.User }

// ApplicationOf waits, as every verb does.
func (c *container) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	return send(c, request{items: []string{application(key)}}, "read application", func() (session.Application, error) {
		return c.Store.ApplicationOf(ctx, key)
	})
}
