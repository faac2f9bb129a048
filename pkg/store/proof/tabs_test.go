package proof

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The times of a browser and its network. After a rotation an answer arrives, at the latest, after its own way, an
// outage, an attempt that is given up and another one's way there and back; a tab that sent the predecessor just before
// that is judged one way later, on a clock that may differ.
const (
	way      = 2 * time.Second // of a request or an answer, at most
	attempt  = 5 * time.Second // until a tab gives up and tries again
	outage   = 12 * time.Second
	skew     = 500 * time.Millisecond // between the clocks of two containers, either way
	inTime   = way + outage + attempt + 2*way + way + 2*skew
	lifetime = time.Minute // of an access token, longer than inTime
)

// browser is a simulated schedule: some tabs that share one jar, a network that loses and delays, and a service over
// a store that does. Its time is virtual and everything random comes from its seed.
type browser struct {
	service session.Refresher
	dice    *rand.Rand
	now     time.Time
	due     schedule
	stored  *session.Session // nil: deleted
	app     session.Application

	tokens      []string // by generation, as answered
	accessUntil time.Time
	outages     [][2]time.Time
	calm        bool // the network and the store behave
	retries     int
	loggedOut   error
}

// happening is something that is due at a time of a schedule.
type happening struct {
	at    time.Time
	order int
	do    func()
}

// schedule is a heap of what is due.
type schedule struct {
	all  []happening
	next int
}

func (s *schedule) Len() int { return len(s.all) }
func (s *schedule) Less(i, j int) bool {
	return cmp.Or(s.all[i].at.Compare(s.all[j].at), s.all[i].order-s.all[j].order) < 0
}
func (s *schedule) Swap(i, j int) { s.all[i], s.all[j] = s.all[j], s.all[i] }
func (s *schedule) Push(x any)    { s.all = append(s.all, x.(happening)) }
func (s *schedule) Pop() any {
	last := s.all[len(s.all)-1]
	s.all = s.all[:len(s.all)-1]
	return last
}

func (b *browser) after(d time.Duration, do func()) {
	b.due.next++
	heap.Push(&b.due, happening{b.now.Add(d), b.due.next, do})
}

// run lets everything happen that is due until a time.
func (b *browser) run(until time.Time) {
	for len(b.due.all) > 0 && !b.due.all[0].at.After(until) {
		h := heap.Pop(&b.due).(happening)
		if h.at.After(b.now) {
			b.now = h.at
		}
		h.do()
	}
}

func (b *browser) upTo(d time.Duration) time.Duration { return time.Duration(b.dice.Int64N(int64(d))) }

// newBrowser starts a session.
func newBrowser(seed uint64, kit simulation) *browser {
	b := &browser{dice: rand.New(rand.NewPCG(seed, 0)), now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), calm: true}
	b.app = session.Application{Tenant: "t", ID: "a", Settings: session.DefaultSettings()}
	b.app.Settings.OverlapSeconds = int64(kit.overlap / time.Second)
	b.app.Settings.AccessTokenSeconds = int64(lifetime / time.Second)
	b.app.Settings.MaxSessionsPerUser = 0
	var random [32]byte
	binary.LittleEndian.PutUint64(random[:], seed)
	minter := session.NewMinter(issuer, kit.tokens, kit.signing,
		func() time.Time { return b.now.Add(b.upTo(2*skew) - skew) }, rand.NewChaCha8(random))
	store := &frail{browser: b}
	b.service = session.NewRefresher(store, minter)
	g, err := session.NewIssuer(store, minter).Issue(context.Background(), session.IssueRequest{Tenant: "t", User: "u", Application: "a"})
	if err != nil {
		panic(err)
	}
	b.learn(g)
	return b
}

// live lets tabs refresh for some lifetimes of the access token.
func (b *browser) live(lifetimes int) {
	b.calm = false
	end := b.now
	for range lifetimes {
		end = end.Add(lifetime)
		if b.dice.IntN(2) == 0 {
			start := end.Add(b.upTo(7*time.Second) - 2*time.Second)
			b.outages = append(b.outages, [2]time.Time{start, start.Add(b.upTo(outage))})
		}
	}
	for range 1 + b.dice.IntN(3) {
		b.after(0, b.wake)
	}
	end = end.Add(lifetime - time.Second)
	b.run(end)
	b.now = end
}

// wake refreshes when the access token is over, and sleeps until then otherwise.
func (b *browser) wake() {
	if b.now.Before(b.accessUntil) {
		b.after(b.accessUntil.Sub(b.now)+b.upTo(3*time.Second), b.wake)
		return
	}
	answered := false
	b.send(b.tokens[len(b.tokens)-1], func() { answered = true; b.wake() })
	b.after(attempt, func() {
		if !answered {
			answered = true // whatever comes now is ignored
			b.wake()
		}
	})
}

// send brings a token to the service and the answer back, if neither is lost.
func (b *browser) send(text string, then func()) {
	gaveUp := b.now.Add(attempt)
	b.after(b.upTo(way), func() {
		if b.lost() {
			return
		}
		g, err := b.service.Refresh(context.Background(), session.RefreshRequest{Token: text})
		if errors.Is(err, session.ErrRefused) && b.loggedOut == nil {
			b.loggedOut = err
		}
		if g.Outcome == session.Retried {
			b.retries++
		}
		b.after(b.upTo(way), func() {
			if err == nil && !b.lost() && b.now.Before(gaveUp) {
				b.learn(g)
				then()
			}
		})
	})
}

// learn is the jar's: a cookie that is set replaces the one before.
func (b *browser) learn(g session.Grant) {
	b.tokens = append(b.tokens[:min(len(b.tokens), int(g.Session.Generation))], g.Refresh.Reveal())
	b.accessUntil = b.now.Add(time.Duration(g.ExpiresIn) * time.Second)
}

// lost says whether a message sent now gets lost.
func (b *browser) lost() bool {
	for _, o := range b.outages {
		if !b.now.Before(o[0]) && b.now.Before(o[1]) {
			return b.dice.IntN(4) > 0
		}
	}
	return false
}
