package overlap

import (
	"math/rand/v2"
	"slices"
	"time"
)

// skew is how far the clock of a container is from the true time, at most, either way.
const skew = 500 * time.Millisecond

// run is one session in virtual time. Everything random in it comes from its seed.
type run struct {
	rule    Rule
	session *Session
	random  *rand.Rand
	now     time.Duration
	due     []event       // the next one last
	stored  Token         // shared by the clients of the session: in a jar, a storage or a row
	idle    time.Duration // mean time from the expiry of an access token to the next refresh, after a theft
}

// event is an action that is due at a time.
type event struct {
	at time.Duration
	do func()
}

func newRun(rule Rule, seed uint64) *run {
	return &run{rule: rule, session: newSession(), random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // a seed repeats a run
}

// after plans an event. Events that are due at the same time run in the order in which they were planned.
func (r *run) after(d time.Duration, do func()) {
	at, i := r.now+d, len(r.due)
	for i > 0 && r.due[i-1].at <= at {
		i--
	}
	r.due = slices.Insert(r.due, i, event{at, do})
}

// until runs the events that are due before a time, or until the session is over.
func (r *run) until(end time.Duration) {
	for last := len(r.due) - 1; last >= 0 && r.due[last].at < end; last = len(r.due) - 1 {
		next := r.due[last]
		r.due = r.due[:last]
		r.now = next.at
		if next.do(); r.session.over {
			return
		}
	}
	r.now = end
}

// upTo is a uniformly distributed random time, at most d.
func (r *run) upTo(d time.Duration) time.Duration {
	return time.Duration(r.random.Int64N(int64(d) + 1))
}

// about is an exponentially distributed random time with a mean, as between independent events.
func (r *run) about(mean time.Duration) time.Duration {
	return time.Duration(r.random.ExpFloat64() * float64(mean))
}

func (r *run) chance(p float64) bool { return r.random.Float64() < p }

// network carries a request or an answer in a time up to way. It loses some, and delays some.
type network struct {
	way    time.Duration
	loss   float64       // share that is lost
	slow   float64       // share that is delayed
	slowBy time.Duration // at most
}

func (n network) time(r *run) time.Duration {
	d := r.upTo(n.way)
	if n.slow > 0 && r.chance(n.slow) {
		d += r.upTo(n.slowBy)
	}
	return d
}

// send presents a token over a network and passes on the answer when it arrives. A request that nobody waits for any
// more is still served.
func (r *run) send(t Token, n network, then func(Token)) {
	r.after(n.time(r), func() {
		if r.chance(n.loss) {
			return
		}
		answer, ok := r.present(t)
		if ok && !r.chance(n.loss) {
			r.after(n.time(r), func() { then(answer) })
		}
	})
}

// present is the service: it judges a token with the clock of one of its containers.
func (r *run) present(t Token) (Token, bool) {
	return r.session.exchange(r.rule, t, r.now+r.upTo(2*skew)-skew)
}
