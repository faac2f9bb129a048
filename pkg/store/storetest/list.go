package storetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func listCases() []contractCase {
	return []contractCase{
		{"List shows the live sessions of all applications, newest first, each once", listModel},
		{"List shows the sessions of more applications than one position holds", listManyApplications},
		{"List fills its page where one of many applications has nearly all sessions", listOneLarge},
		{"List shows the sessions behind those of an older epoch", listBehindTheDead},
	}
}

// maxListReads is the most requests of the store that one page costs.
const maxListReads = 20

// listing follows the pages of one list.
type listing struct {
	fixture

	reads int
	shown []token.ID
}

func (l *listing) Query(ctx context.Context, q session.Query) ([]session.Session, bool, error) {
	l.reads++
	return l.Store.Query(ctx, q)
}

func (l *listing) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]session.Application, error) {
	l.reads++
	return l.Store.Applications(ctx, tenant, user, ids)
}

// follow reads all pages. Between two pages it calls meanwhile.
func (l *listing) follow(req session.ListRequest, meanwhile func()) {
	l.Helper()
	lister := session.NewLister(l, Now)
	for range endless {
		l.reads = 0
		page, next, err := lister.List(l.Context(), req)
		l.must(err)
		if len(page) > req.Limit || l.reads > maxListReads {
			l.Fatalf("got a page of %d after %d reads, want at most %d and %d", len(page), l.reads, req.Limit, maxListReads)
		}
		for _, s := range page {
			l.shown = append(l.shown, s.ID)
		}
		if next == nil {
			return
		}
		req.From = next
		meanwhile()
	}
	l.Fatalf("got more than %d pages, want an end", endless)
}

// model is a user with random sessions in random applications.
type model struct {
	fixture
	*rand.Rand

	apps []string
	live map[token.ID]session.Session
}

func newModel(f fixture, seed uint64, applications, sessions int) *model {
	m := &model{fixture: f, Rand: seeded(seed), live: map[token.ID]session.Session{}}
	m.tenant = NewTenant()
	ids := HostileIDs()
	m.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	m.apps = ids[:applications]
	for _, id := range m.apps {
		if m.IntN(8) > 0 { // one in eight does not exist
			m.register(m.tenant, id)
		}
	}
	all := make([]session.Session, sessions)
	for i := range all {
		all[i] = m.random(time.Duration(1+m.IntN(1000)) * time.Second)
	}
	m.createAll(all)
	for _, id := range m.apps[:applications/6] { // their sessions end
		_, _ = m.AdvanceEpoch(m.Context(), m.tenant, id, 0)
	}
	for _, s := range all {
		m.count(s)
	}
	return m
}

// random is a session of so long ago; one in eight has expired.
func (m *model) random(ago time.Duration) session.Session {
	s := NewSession(m.tenant, "user", m.apps[m.IntN(len(m.apps))])
	s.ID, _ = token.NewID(time.Now().Add(-ago), byteReader{m.Rand})
	if m.IntN(8) == 0 {
		s.IdleExpiresAt = Now().Add(-time.Second)
	}
	return s
}

func (m *model) count(s session.Session) {
	m.Helper()
	app, err := m.Application(m.Context(), s.Tenant, s.Application)
	if err == nil && s.LiveUnder(app, Now()) {
		m.live[s.ID] = s
	}
}

// disturb creates a session that is newer than all, and deletes another one, which may have been shown.
func (m *model) disturb(l *listing) {
	m.Helper()
	m.create(m.random(-time.Duration(1+m.IntN(1000)) * time.Second))
	for id, other := range m.live {
		m.must(m.DeleteBatch(m.Context(), []session.Key{other.Key}))
		if !slices.Contains(l.shown, id) {
			delete(m.live, id)
		}
		break
	}
}

// check compares what a list showed with what was there all the while.
func (m *model) check(what, application string, shown []token.ID) {
	m.Helper()
	var want []token.ID
	for id, s := range m.live {
		if application == "" || s.Application == application {
			want = append(want, id)
		}
	}
	slices.SortFunc(want, func(a, b token.ID) int { return strings.Compare(b.String(), a.String()) })
	m.wantSame(what, shown, want)
}

func listModel(f fixture) {
	for round := range uint64(12) {
		r := seeded(round + 100)
		m := newModel(f, round, 1+r.IntN(25), r.IntN(60))
		limit := 1 + r.IntN(12)
		narrow := m.apps[0]
		what := "round " + strconv.FormatUint(round, 10) + ", limit " + strconv.Itoa(limit)
		for _, application := range []string{"", narrow} {
			l := &listing{fixture: m.fixture}
			req := session.ListRequest{Tenant: m.tenant, User: "user", Application: application, Limit: limit}
			l.follow(req, func() {})
			m.check(what+" of "+strconv.Quote(application), application, l.shown)
		}
		l := &listing{fixture: m.fixture}
		l.follow(session.ListRequest{Tenant: m.tenant, User: "user", Limit: limit}, func() { m.disturb(l) })
		m.check(what+", changing", "", l.shown)
	}
}

// The ids of the applications are so long that a position does not hold all of them.
func listManyApplications(f fixture) {
	m := &model{fixture: f, live: map[token.ID]session.Session{}}
	var all []session.Session
	for i := range 70 + 35 { // every other application has a second one, newer than all first ones
		app := strings.Repeat("x", 125) + strconv.Itoa(100+(i*37+36)%70)
		f.register(f.tenant, app)
		all = append(all, NewSession(f.tenant, "user", app))
	}
	f.createAll(all)
	for _, s := range all {
		m.live[s.ID] = s
	}
	for _, limit := range []int{1, 50} {
		l := &listing{fixture: f}
		l.follow(session.ListRequest{Tenant: f.tenant, User: "user", Limit: limit}, func() {})
		m.check("limit "+strconv.Itoa(limit), "", l.shown)
	}
}

func listOneLarge(f fixture) {
	all := f.user(51, "z")
	all = append(all, f.user(1, "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m")...)
	all = append(all, f.user(60, "a")...)
	for _, s := range all {
		f.register(f.tenant, s.Application)
	}
	slices.SortFunc(all, func(a, b session.Session) int { return strings.Compare(b.ID.String(), a.ID.String()) })
	l := &listing{fixture: f}
	page, _, err := session.NewLister(l, Now).List(f.Context(), session.ListRequest{Tenant: f.tenant, User: "user", Limit: 50})
	f.must(err)
	f.wantSame("the page", page, all[:50])
}

func listBehindTheDead(f fixture) {
	f.register(f.tenant, "a")
	old := f.user(90, "a")
	_, err := f.AdvanceEpoch(f.Context(), f.tenant, "a", 0)
	f.must(err)
	f.register(f.tenant, "b")
	s := NewSession(f.tenant, "user", "b")
	s.ID, _ = token.NewID(old[len(old)-1].ID.Time().Add(-time.Minute), byteReader{seeded(1)})
	f.create(s)
	for _, limit := range []int{10, 100} {
		page, next, err := session.NewLister(f, Now).List(f.Context(), session.ListRequest{
			Tenant: f.tenant, User: "user", Limit: limit,
		})
		f.must(err)
		f.wantSame("the first page", page, []session.Session{s})
		f.wantSame("the position of the next", next, (*session.Position)(nil))
	}
}

// seeded repeats its choices.
func seeded(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a seed repeats a run
}

// byteReader reads random bytes.
type byteReader struct{ *rand.Rand }

func (r byteReader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return len(b), nil
}
