package proof

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The times of a browser and its network. The token in the jar is presented again at most unanswered after its rotation.
// That time covers an outage of the network, the pause between two loads, a request, an answer and two clocks.
const (
	latency    = time.Second // of a request or an answer, at most
	offline    = 8 * time.Second
	pause      = 10 * time.Second        // between two loads of a tab, at most
	quick      = 1500 * time.Millisecond // and at least
	skew       = 500 * time.Millisecond  // of a container's clock, either way
	unanswered = offline + pause + 2*latency + 2*skew
	readOutage = time.Minute
)

// browser is a session in virtual time: tabs that share a cookie jar and refresh at every page load, a network, and
// containers over a store. Everything random comes from its seed.
type browser struct {
	*simulation

	tenant     string
	random     *rand.Rand
	clock      *fixture.Clock
	due        eventQueue
	store      *faultyStore
	containers []session.Refresher
	key        session.Key
	jar        string
	texts      []string // all tokens, by generation
	source     int      // of the token keys: which of them a fetch returns
	offline    [2]time.Time
	loggedOut  error
	tooLate    bool // after an outage of reads it came back with a cookie whose window was over
	seen       map[session.Outcome]int
}

// event is an action that is due at a time.
type event struct {
	at    time.Time
	order int
	do    func()
}

// eventQueue is a heap of events, the next one on top.
type eventQueue []event

func (a eventQueue) Len() int { return len(a) }
func (a eventQueue) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), a[i].order-a[j].order) < 0
}
func (a eventQueue) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *eventQueue) Push(x any)   { *a = append(*a, x.(event)) }
func (a *eventQueue) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (b *browser) after(d time.Duration, do func()) {
	heap.Push(&b.due, event{b.clock.Now().Add(d), len(b.due), do})
}

// advance moves the clock on, and runs every event that is due until then.
func (b *browser) advance(d time.Duration) {
	until := b.clock.Now().Add(d)
	for len(b.due) > 0 && !b.due[0].at.After(until) {
		next := heap.Pop(&b.due).(event)
		b.clock.Pass(max(0, next.at.Sub(b.clock.Now())))
		next.do()
	}
	b.clock.Pass(max(0, until.Sub(b.clock.Now())))
}

func (b *browser) upTo(d time.Duration) time.Duration {
	return time.Duration(b.random.Int64N(int64(d)))
}

// faultyStore is a store that fails reads of applications at times, and loses answers to rotations.
type faultyStore struct {
	session.Store

	readsFail atomic.Bool
	failed    bool // at some time
	loses     func() bool
	rotated   map[string]time.Time // when tokens were rotated last, by their hash
}

// ApplicationOf runs beside Rotate.
func (s *faultyStore) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	if s.readsFail.Load() {
		return session.Application{}, errThrottled
	}
	return s.Store.ApplicationOf(ctx, key)
}

var errThrottled = fmt.Errorf("%w: throttled", session.ErrUnavailable)

// Rotate is repeated where its answer is lost, as the SDK does.
func (s *faultyStore) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	rotate := func() (session.Session, bool, error) {
		state, applied, err := s.Store.Rotate(ctx, r)
		if applied {
			s.rotated[string(r.Presented[:])] = r.Now
		}
		return state, applied, err
	}
	if s.loses() {
		_, _, _ = rotate()
	}
	return rotate()
}

// outside reports whether a token is presented after its longest window. A jar may hold a superseded token when reads
// begin to fail. If they fail for longer than its window, no rule that forgets tokens can answer it.
func (s *faultyStore) outside(presented token.Hash, now time.Time, overlap time.Duration) bool {
	at, known := s.rotated[string(presented[:])]
	return s.failed && known && now.Sub(at) > overlap-2*skew
}

// simulation is what all sessions share: a store, and the token keys before and after their rotation.
type simulation struct {
	store   session.Store
	tokens  [2]*keys.TokenSet
	signing *keys.Ring[keys.SigningSet]
	overlap time.Duration
}

// newBrowser issues a session and starts three containers.
func newBrowser(seed uint64, sim *simulation) *browser {
	b := &browser{
		simulation: sim, random: rand.New(rand.NewPCG(seed, 0)), clock: fixture.NewClock(fixture.Noon()), seen: map[session.Outcome]int{},
		tenant: fmt.Sprint("tenant-", seed), store: &faultyStore{Store: sim.store, rotated: map[string]time.Time{}},
	}
	b.store.loses = func() bool { return b.random.IntN(16) == 0 }
	fixture.Must(sim.store.PutApplication(context.Background(), fixture.Application(b.tenant, "web", func(s *session.Settings) {
		s.OverlapSeconds, s.MaxSessionsPerUser = int64(sim.overlap/time.Second), 0
	})))
	issuer := session.NewIssuer(b.store, b.minter())
	g := fixture.Must(issuer.Issue(context.Background(), session.IssueRequest{Tenant: b.tenant, User: "user", Application: "web"}))
	b.key, b.jar, b.texts = g.Session.Key, g.Refresh.Reveal(), []string{g.Refresh.Reveal()}
	for n := range 3 {
		b.containers = append(b.containers, session.Refresher{})
		b.restart(n)
	}
	return b
}

// minter has fetched the token keys, before or after their rotation, and signs with a clock that differs by up to skew.
func (b *browser) minter() session.Minter {
	differs := b.upTo(2*skew) - skew
	now := func() time.Time { return b.clock.Now().Add(differs) }
	ring := b.ring()
	ring.Now = now
	fixture.Must(ring.Get(context.Background()))
	seed := [32]byte{byte(b.random.Uint32()), byte(b.random.Uint32()), byte(b.random.Uint32())}
	minter := session.NewMinter(fixture.Issuer, ring, b.signing, now, rand.NewChaCha8(seed))
	return minter.WithWait(func(_ context.Context, d time.Duration) { b.advance(d) })
}

func (b *browser) ring() *keys.Ring[keys.TokenSet] {
	return keys.NewRing(func(context.Context) (*keys.TokenSet, error) { return b.tokens[b.source], nil })
}

// restart replaces a container by a new one, which fetches the keys anew.
func (b *browser) restart(n int) {
	b.containers[n] = session.NewRefresher(b.store, b.minter())
}

// load presents the token in the jar, and does not wait. An answer that arrives late replaces a newer cookie.
func (b *browser) load() {
	text := b.jar
	b.after(b.upTo(latency), func() {
		if b.lost() {
			return
		}
		g, err := b.containers[b.random.IntN(len(b.containers))].Refresh(context.Background(), session.RefreshRequest{Token: text})
		b.judge(text, err)
		b.note(g, err)
		b.after(b.upTo(latency), func() {
			if err == nil && !b.lost() {
				b.jar = g.Refresh.Reveal()
			}
		})
	})
	b.after(quick+b.upTo(pause-quick), b.load)
}

// judge tells a client outside the bounds of the package's doc from one that is logged out.
func (b *browser) judge(text string, err error) {
	if !errors.Is(err, session.ErrReused) || b.loggedOut != nil {
		return
	}
	t := fixture.Must(session.NewIdentifier(b.ring()).Identify(context.Background(), text))
	b.tooLate = b.store.outside(t.Secret.Hash(), b.clock.Now(), b.overlap)
}

func (b *browser) note(g session.Grant, err error) {
	if errors.Is(err, session.ErrRefused) && b.loggedOut == nil {
		b.loggedOut = err
	}
	if err != nil {
		return
	}
	b.seen[g.Outcome]++
	if int(g.Session.Generation) == len(b.texts) {
		b.texts = append(b.texts, g.Refresh.Reveal())
	}
}

// lost reports whether a message that is sent now gets lost.
func (b *browser) lost() bool {
	now := b.clock.Now()
	return !now.Before(b.offline[0]) && now.Before(b.offline[1]) && b.random.IntN(4) > 0
}

// readsFail fails all reads of applications for a minute. Another user's refresh meets the outage first in each
// container: it is written before its read fails, and an answer after the outage may come too late.
func (b *browser) readsFail() {
	b.store.readsFail.Store(true)
	b.store.failed = true
	other := token.Refresh{KeyID: b.tokens[0].Active.ID, Tenant: b.tenant, User: "other", Application: "web"}
	text := fixture.Must(other.Encode(b.tokens[0].Active)).Reveal()
	for _, container := range b.containers {
		_, _ = container.Refresh(context.Background(), session.RefreshRequest{Token: text})
	}
	b.after(readOutage, func() { b.store.readsFail.Store(false) })
}

// backup schedules a restore of the session to what it is now.
func (b *browser) backup() {
	then, _, err := b.simulation.store.Load(context.Background(), b.key)
	if err != nil {
		return
	}
	b.after(b.upTo(20*time.Second), func() {
		ctx := context.Background()
		if err := errors.Join(b.simulation.store.DeleteBatch(ctx, []session.Key{b.key}), b.simulation.store.Create(ctx, then)); err != nil {
			b.loggedOut = err
		}
	})
}

// run lets tabs load pages, and draws at random what fails meanwhile.
func (b *browser) run() {
	for range 1 + b.random.IntN(3) {
		b.after(b.upTo(pause), b.load)
	}
	start := 5*time.Second + b.upTo(15*time.Second)
	length := 50 * time.Second
	switch b.random.IntN(3) {
	case 0:
		begin := b.clock.Now().Add(start)
		b.offline = [2]time.Time{begin, begin.Add(b.upTo(offline))}
	case 1:
		b.after(start, b.readsFail)
		length += readOutage
	}
	if b.random.IntN(2) == 0 {
		b.after(b.upTo(length-20*time.Second), b.backup)
	}
	if b.random.IntN(2) == 0 { // the token keys rotate, and containers with the old ones end one after the other
		at := b.upTo(length - 20*time.Second)
		b.after(at, func() { b.source = 1 })
		for n := range b.containers {
			b.after(at+b.upTo(10*time.Second), func() { b.restart(n) })
		}
	}
	b.advance(length)
	b.due = slices.DeleteFunc(b.due, func(event) bool { return true })
	b.store.readsFail.Store(false)
}
