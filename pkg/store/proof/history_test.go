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

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// history is what some clients did to the same sessions at once, each operation at a time of its own.
type history struct {
	t       *testing.T
	keys    keyset
	store   session.Store
	repeats bool // the SDK may repeat requests
	faults  bool // operations may fail
	tenant  string
	begun   time.Time
	offset  atomic.Int64 // of the operations' clock, in milliseconds

	mu       sync.Mutex
	families []*shared
	log      []entry
}

// shared is a session as all clients together know it.
type shared struct {
	user, application string
	id                token.ID
	tokens            []string // by generation
	accessIDs         []token.ID
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

// How many clients work at once, and how many operations each does.
const (
	clients    = 6
	operations = 30
)

// idleOf are the applications and after how long their sessions are over.
func idleOf(application string) time.Duration {
	if application == "brief" {
		return 20 * time.Second
	}
	return time.Hour
}

// record runs one history. Applications are there before prepare is called, which may then make trouble.
func record(t *testing.T, k keyset, store session.Store, seed uint64, prepare func(*history)) *history {
	t.Helper()
	h := &history{t: t, keys: k, store: store, tenant: storetest.NewTenant(), begun: time.Now()}
	for _, application := range []string{"web", "brief"} {
		register(t, store, h.tenant, application, func(s *session.Settings) {
			s.OverlapSeconds, s.MaxSessionsPerUser = int64(overlap/time.Second), 0
			s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds = int64(idleOf(application)/time.Second), 3600
		})
	}
	prepare(h)
	var working sync.WaitGroup
	for n := range clients {
		working.Go(func() {
			c := &client{history: h, n: n, rand: mathrand.New(mathrand.NewPCG(seed, uint64(n)))}
			for range operations {
				c.operate()
			}
		})
	}
	working.Wait()
	return h
}

// client is one of those who work at once.
type client struct {
	*history
	n    int
	rand *mathrand.Rand
}

// operate does one random operation and logs it.
func (c *client) operate() {
	now := c.begun.UnixMilli() + c.offset.Add([]int64{0, 0, 1, 300, 700, 2500}[c.rand.IntN(6)])
	a := asked{now: now, repeats: c.repeats}
	s := c.keys.service(c.store, func() time.Time { return time.UnixMilli(now) }, rand.Reader)
	f, generation := c.pick()
	e := entry{client: c.n, call: int64(time.Since(c.begun))}
	switch dice := c.rand.IntN(100); {
	case f == nil || dice < 9:
		c.issue(s, a, &e)
	case dice < 68:
		c.refresh(s, a, &e, f, generation)
	case dice < 76:
		c.retrieve(s, a, &e, f)
	case dice < 83:
		c.list(s, a, &e, f)
	case dice < 91:
		c.delete(s, a, &e, f, generation)
	case dice < 97:
		c.deleteByUser(s, a, &e, f)
	default:
		c.deleteByApplication(s, a, &e, f)
	}
	if e.done == 0 {
		e.done = int64(time.Since(c.begun))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, e)
}

// pick chooses a session, mostly one that is not known to be over, and one of its tokens, mostly the newest.
func (c *client) pick() (*shared, uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	live := slices.DeleteFunc(slices.Clone(c.families), func(f *shared) bool { return f.over })
	if len(live) < 3 {
		return nil, 0
	}
	if c.rand.IntN(12) == 0 {
		live = c.families
	}
	f := live[c.rand.IntN(len(live))]
	back := []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2}[c.rand.IntN(15)]
	return f, uint32(max(0, len(f.tokens)-1-back))
}

// failed says whether an operation has no answer, and fails the test if it should have.
func (c *client) failed(err error) bool {
	if err == nil {
		return false
	}
	if _, known := classOf(err); known {
		return false
	}
	if !c.faults || !errors.Is(err, session.ErrUnavailable) {
		c.t.Errorf("an answer that no law knows: %v", err)
	}
	return true
}

func (c *client) issue(s *service, a asked, e *entry) {
	user, application := []string{"jane", "john"}[c.rand.IntN(2)], []string{"web", "web", "brief"}[c.rand.IntN(3)]
	g, err := s.Issue(context.Background(), session.IssueRequest{Tenant: c.tenant, User: user, Application: application})
	e.id = g.Session.ID
	if c.failed(err) {
		return // nobody knows its token
	}
	e.done = int64(time.Since(c.begun)) // before anybody else may know it
	e.parts = func(token.ID) []part { return a.issued(g.Session) }
	c.mu.Lock()
	defer c.mu.Unlock()
	c.families = append(c.families, &shared{
		user: user, application: application, id: g.Session.ID,
		tokens: []string{g.Refresh.Reveal()}, accessIDs: []token.ID{g.Session.AccessTokenID},
	})
}

func (c *client) refresh(s *service, a asked, e *entry, f *shared, generation uint32) {
	e.id = f.id
	g, err := s.Refresh(context.Background(), session.RefreshRequest{Token: c.tokenOf(f, generation)})
	e.done = int64(time.Since(c.begun))
	idle := idleOf(f.application)
	switch {
	case c.failed(err):
		e.parts = func(token.ID) []part { return a.mayRefresh(generation, idle) }
	case err != nil:
		e.parts = func(token.ID) []part { return a.refused(generation, err, idle) }
		c.over(f)
	default:
		e.parts = func(token.ID) []part { return a.refreshed(generation, g) }
		c.learn(f, g)
	}
}

func (c *client) tokenOf(f *shared, generation uint32) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.tokens[generation]
}

// learn keeps a successor. Law 3: whoever else got one got the same.
func (c *client) learn(f *shared, g session.Grant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	generation := int(g.Session.Generation)
	if generation > len(f.tokens) {
		c.t.Errorf("generation %d follows %d", generation, len(f.tokens)-1)
		return
	}
	if generation == len(f.tokens) {
		f.tokens, f.accessIDs = append(f.tokens, g.Refresh.Reveal()), append(f.accessIDs, g.Session.AccessTokenID)
	}
	if f.tokens[generation] != g.Refresh.Reveal() || f.accessIDs[generation] != g.Session.AccessTokenID {
		c.t.Errorf("two refreshes of one token got different successors")
	}
}

func (c *client) over(f *shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.over = true
}

func (c *client) retrieve(s *service, a asked, e *entry, f *shared) {
	e.id = f.id
	got, err := s.Retrieve(context.Background(), session.Caller{Tenant: c.tenant}, f.id)
	switch {
	case c.failed(err):
	case err != nil:
		e.parts = func(token.ID) []part { return a.unseen() }
	default:
		e.parts = func(token.ID) []part { return a.seen(got) }
	}
}

func (c *client) list(s *service, a asked, e *entry, f *shared) {
	e.user = f.user
	if c.rand.IntN(2) == 0 {
		e.application = f.application
	}
	req := session.ListRequest{Tenant: c.tenant, User: e.user, Application: e.application, Limit: 1000}
	got, _, err := s.List(context.Background(), req)
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

func (c *client) delete(s *service, a asked, e *entry, f *shared, generation uint32) {
	e.id = f.id
	caller := session.Caller{Tenant: c.tenant}
	var err error
	if c.rand.IntN(2) == 0 {
		_, err = s.Delete(context.Background(), caller, f.id)
	} else {
		_, err = s.DeleteByToken(context.Background(), caller, c.tokenOf(f, generation))
	}
	if e.parts = func(token.ID) []part { return a.deleted(err) }; c.failed(err) {
		e.parts = func(token.ID) []part { return mayEnd() }
	}
}

func (c *client) deleteByUser(s *service, a asked, e *entry, f *shared) {
	e.user = f.user
	if c.rand.IntN(2) == 0 {
		e.application = f.application
	}
	ids, err := s.DeleteByUser(context.Background(), c.tenant, e.user, e.application)
	if e.parts = func(id token.ID) []part { return a.swept(slices.Contains(ids, id)) }; c.failed(err) {
		e.parts = func(token.ID) []part { return mayEnd() }
	}
}

func (c *client) deleteByApplication(s *service, a asked, e *entry, f *shared) {
	e.application = f.application
	epoch, err := s.DeleteByApplication(context.Background(), c.tenant, e.application)
	if e.parts = func(token.ID) []part { return a.advanced(epoch) }; c.failed(err) {
		e.parts = func(token.ID) []part { return a.mayAdvance() }
	}
}
