package proof

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// history is what concurrent clients did to the same sessions, each operation at its own time.
type history struct {
	t       *testing.T
	keys    fixture.Keys
	store   session.Store
	repeats bool // the SDK may repeat requests
	faults  bool // operations may fail
	tenant  string
	begun   time.Time
	offset  atomic.Int64 // of the operations' clock, in milliseconds

	mu       sync.Mutex
	sessions []*sharedSession
	log      []entry
}

// sharedSession is what the clients together know of a session.
type sharedSession struct {
	user, application string
	id                token.ID
	tokens            map[uint32]string // by generation; one whose answer is under way is missing
	accessIDs         map[uint32]token.ID
	newest            uint32
	over              bool
}

// entry is an operation and what it did to whom.
type entry struct {
	client     int
	call, done int64
	application,
	user string // "" means all
	id    token.ID // zero: every session of those
	parts func(token.ID) []part
}

// How many clients work in parallel, and how many operations each does.
const (
	clients    = 6
	operations = 30
)

// timesOf returns the idle time and the overlap of the sessions of an application.
func timesOf(application string) (idle, overlap time.Duration) {
	switch application {
	case "brief":
		return 20 * time.Second, 10 * time.Second
	case "phone":
		return time.Hour, 5 * time.Minute
	}
	return time.Hour, 10 * time.Second
}

// record runs one history. It makes the applications first, then prepare may set faults.
func record(t *testing.T, k fixture.Keys, store session.Store, seed uint64, prepare func(*history)) *history {
	t.Helper()
	h := &history{t: t, keys: k, store: store, tenant: storetest.NewTenant(), begun: time.Now()}
	for _, application := range []string{"web", "brief", "phone"} {
		idle, overlap := timesOf(application)
		register(t, store, h.tenant, application, func(s *session.Settings) {
			s.OverlapSeconds, s.MaxSessionsPerUser = int64(overlap/time.Second), 0
			s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = int64(idle/time.Second), 3600
		})
	}
	prepare(h)
	var working sync.WaitGroup
	for n := range clients {
		working.Go(func() {
			c := &client{history: h, n: n, rand: mathrand.New(mathrand.NewPCG(seed, uint64(n)))}
			c.service = newService(k, store, c.now, rand.Reader)
			for range operations {
				c.operate()
			}
		})
	}
	working.Wait()
	return h
}

// client is one of the concurrent clients, with a container of its own.
type client struct {
	*history
	*service

	n    int
	rand *mathrand.Rand
	at   int64 // the time of its operation, in milliseconds
}

func (c *client) now() time.Time { return time.UnixMilli(c.at) }

// operate does one random operation and logs it.
func (c *client) operate() {
	c.at = c.begun.UnixMilli() + c.offset.Add([]int64{0, 0, 1, 300, 700, 2500}[c.rand.IntN(6)])
	a := asked{now: c.at, repeats: c.repeats}
	f, generation := c.pick()
	if f != nil {
		a.idle, a.overlap = timesOf(f.application)
	}
	e := entry{client: c.n, call: int64(time.Since(c.begun))}
	switch dice := c.rand.IntN(100); {
	case f == nil || dice < 9:
		c.issue(a, &e)
	case dice < 68:
		c.refresh(a, &e, f, generation)
	case dice < 76:
		c.retrieve(a, &e, f)
	case dice < 83:
		c.list(a, &e, f)
	case dice < 91:
		c.delete(a, &e, f, generation)
	case dice < 97:
		c.deleteByUser(a, &e, f)
	default:
		c.deleteByApplication(a, &e, f)
	}
	if e.done == 0 {
		e.done = int64(time.Since(c.begun))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, e)
}

// pick chooses a session, mostly one that is not known to be over, and one of its tokens, mostly the newest.
func (c *client) pick() (*sharedSession, uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	live := slices.DeleteFunc(slices.Clone(c.sessions), func(f *sharedSession) bool { return f.over })
	if len(live) < 3 {
		return nil, 0
	}
	if c.rand.IntN(12) == 0 {
		live = c.sessions
	}
	f := live[c.rand.IntN(len(live))]
	back := []uint32{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 5, 6, 7}[c.rand.IntN(24)]
	generation := f.newest - min(back, f.newest)
	if _, known := f.tokens[generation]; !known {
		generation = f.newest
	}
	return f, generation
}

// failed reports whether an operation has no answer, and fails the test if it should have one.
func (c *client) failed(err error) bool {
	if err == nil {
		return false
	}
	if _, known := classOf(err); known {
		return false
	}
	if !c.faults || !errors.Is(err, session.ErrUnavailable) {
		c.t.Errorf("got %v, want an answer that the laws know", err)
	}
	return true
}

func (c *client) issue(a asked, e *entry) {
	user, application := []string{"jane", "john"}[c.rand.IntN(2)], []string{"web", "brief", "phone"}[c.rand.IntN(3)]
	g, err := c.Issue(context.Background(), session.IssueRequest{Tenant: c.tenant, User: user, Application: application})
	e.id = g.Session.ID
	if c.failed(err) {
		return // nobody knows its token
	}
	e.done = int64(time.Since(c.begun)) // before anybody else may know it
	e.parts = func(token.ID) []part { return a.issued(g.Session) }
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions = append(c.sessions, &sharedSession{
		user: user, application: application, id: g.Session.ID,
		tokens:    map[uint32]string{0: g.Refresh.Reveal()},
		accessIDs: map[uint32]token.ID{0: g.Session.AccessTokenID},
	})
}

func (c *client) refresh(a asked, e *entry, f *sharedSession, generation uint32) {
	e.id = f.id
	g, err := c.Refresh(context.Background(), session.RefreshRequest{Token: c.tokenOf(f, generation)})
	e.done = int64(time.Since(c.begun))
	switch {
	case c.failed(err):
		e.parts = func(token.ID) []part { return a.mayRefresh(generation) }
	case err != nil:
		e.parts = func(token.ID) []part { return a.refused(generation, err) }
		c.over(f)
	default:
		e.parts = func(token.ID) []part { return a.refreshed(generation, g) }
		c.learn(f, g)
	}
}

func (c *client) tokenOf(f *sharedSession, generation uint32) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.tokens[generation]
}

// learn keeps a successor. Law 3: all answers hold the same one.
func (c *client) learn(f *sharedSession, g session.Grant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	generation := g.Session.Generation
	if _, known := f.tokens[generation]; !known {
		f.tokens[generation], f.accessIDs[generation] = g.Refresh.Reveal(), g.Session.AccessTokenID
		f.newest = max(f.newest, generation)
	}
	if f.tokens[generation] != g.Refresh.Reveal() || f.accessIDs[generation] != g.Session.AccessTokenID {
		c.t.Errorf("law 3: got two answers of generation %d with different tokens, want the same", generation)
	}
}

func (c *client) over(f *sharedSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.over = true
}

func (c *client) retrieve(a asked, e *entry, f *sharedSession) {
	e.id = f.id
	got, err := c.Retrieve(context.Background(), session.Caller{Tenant: c.tenant}, f.id)
	switch {
	case c.failed(err):
	case err != nil:
		e.parts = func(token.ID) []part { return a.unseen() }
	default:
		e.parts = func(token.ID) []part { return a.seen(got) }
	}
}

func (c *client) list(a asked, e *entry, f *sharedSession) {
	e.user = f.user
	if c.rand.IntN(2) == 0 {
		e.application = f.application
	}
	req := session.ListRequest{Tenant: c.tenant, User: e.user, Application: e.application, Limit: 1000}
	got, _, err := c.List(context.Background(), req)
	if c.failed(err) {
		return
	}
	e.parts = func(id token.ID) []part {
		if i := slices.IndexFunc(got, func(s session.Session) bool { return s.ID == id }); i >= 0 {
			return a.seen(got[i])
		}
		return a.unseen()
	}
}

func (c *client) delete(a asked, e *entry, f *sharedSession, generation uint32) {
	e.id = f.id
	caller := session.Caller{Tenant: c.tenant}
	var err error
	if c.rand.IntN(2) == 0 {
		_, err = c.Delete(context.Background(), caller, f.id)
	} else {
		_, err = c.DeleteByToken(context.Background(), caller, c.tokenOf(f, generation))
	}
	if e.parts = func(token.ID) []part { return a.deleted(err) }; c.failed(err) {
		e.parts = func(token.ID) []part { return mayEnd() }
	}
}

func (c *client) deleteByUser(a asked, e *entry, f *sharedSession) {
	e.user = f.user
	if c.rand.IntN(2) == 0 {
		e.application = f.application
	}
	ids, err := c.DeleteByUser(context.Background(), c.tenant, e.user, e.application)
	if e.parts = func(id token.ID) []part { return a.swept(slices.Contains(ids, id)) }; c.failed(err) {
		e.parts = func(token.ID) []part { return mayEnd() }
	}
}

func (c *client) deleteByApplication(a asked, e *entry, f *sharedSession) {
	e.application = f.application
	epoch, err := c.DeleteByApplication(context.Background(), c.tenant, e.application)
	if e.parts = func(token.ID) []part { return a.advanced(epoch) }; c.failed(err) {
		e.parts = func(token.ID) []part { return a.mayAdvance() }
	}
}
