package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// maxReads is the most requests to the store that one page of a list costs.
const maxReads = 20

// maxPosition bounds the heads of a position, in bytes of their parts, so that a cursor fits into a URL.
const maxPosition = 3000

// Position is the place between two pages of a list. It only says how far the list has come: a page always reads the
// partition of the user of the request.
type Position struct {
	// Heads are the applications that still have sessions to show, as far as they are known.
	Heads []Head
	// Searching says that the applications whose ids sort below Last are not known yet. If Last is "", all are unknown.
	Searching bool
	Last      string
	// Ceiling bounds the sessions to show: those from this id upwards were shown. Zero bounds nothing.
	Ceiling token.ID
	// Floor is set if there are more applications than a position holds. Another search finds the sessions below it,
	// once those from it upwards are shown.
	Floor token.ID
}

// Head says how far one application has been shown.
type Head struct {
	Application string
	Before      token.ID // its next session is below this id
}

// Within reports whether the position selects from the sessions of an application alone; "" for all.
func (p Position) Within(application string) bool {
	return application == "" || !p.Searching && p.Floor == token.ID{} &&
		!slices.ContainsFunc(p.Heads, func(h Head) bool { return h.Application != application })
}

// merge makes one page. The store sorts a user's sessions by application, then by id. The merge first finds the user's
// applications, each with its newest session: one query starts after the last session of the application before it.
// Then it takes the newest session of all applications, again and again. Requests go one after another, since each decides
// what the next one asks for. Where the first page holds all sessions of a user they are two, a query and the applications.
type merge struct {
	Position

	store  ListStore
	req    ListRequest
	epochs *epochs
	now    time.Time
	reads  int // requests to the store so far
	lanes  []*lane
	page   []Session
}

// lane is an application in the merge.
type lane struct {
	Head

	ahead []Session // read and not yet shown, newest first
	ended bool      // the store has no more than those
	reads int
}

// limit is an id above every session to show.
func (l *lane) limit() token.ID {
	if len(l.ahead) > 0 {
		return above(l.ahead[0].ID)
	}
	return l.Before
}

func newMerge(store ListStore, req ListRequest, now time.Time) *merge {
	m := &merge{store: store, req: req, epochs: newEpochs(store, req.Tenant, req.User), now: now}
	switch {
	case req.From != nil:
		m.Position = *req.From
	case req.Application != "":
		m.Heads = []Head{{req.Application, highest}}
	default:
		m.Searching = true
	}
	for _, head := range m.Heads {
		m.lanes = append(m.lanes, &lane{Head: head})
	}
	return m
}

var errSpent = errors.New("no reads left")

// run fills the page and reports whether there may be more.
func (m *merge) run(ctx context.Context) (more bool, err error) {
	for err == nil {
		top := m.top()
		switch {
		case m.Searching:
			err = m.search(ctx)
		case top == nil && m.Floor == token.ID{}:
			return false, nil
		case top == nil:
			m.Position, m.lanes = Position{Searching: true, Ceiling: m.Floor}, nil
		case len(top.ahead) == 0:
			err = m.read(ctx, top, m.chunk(top))
		default:
			more, err = m.take(ctx, top)
			if more {
				return true, nil
			}
		}
	}
	if errors.Is(err, errSpent) {
		return true, nil
	}
	return false, err
}

// top returns the lane that can have the newest session; nil if no lane has one from the floor upwards.
func (m *merge) top() (top *lane) {
	m.lanes = slices.DeleteFunc(m.lanes, func(l *lane) bool { return l.ended && len(l.ahead) == 0 })
	for _, l := range m.lanes {
		if limit := l.limit(); below(m.Floor, limit) && (top == nil || below(top.limit(), limit)) {
			top = l
		}
	}
	return top
}

// take moves the newest session to the page if it is live. If the page is full, it returns true and leaves the session.
func (m *merge) take(ctx context.Context, top *lane) (full bool, err error) {
	s := top.ahead[0]
	if !m.epochs.judges(s) {
		if err := m.spend(); err != nil {
			return false, err
		}
		if err := m.epochs.learn(ctx, m.unknown(s.Application)); err != nil {
			return false, err
		}
	}
	if m.epochs.isLive(s, m.now) {
		if len(m.page) == m.req.Limit {
			return true, nil
		}
		m.page = append(m.page, s.Under(*m.epochs.known[s.Application]))
	}
	top.ahead, top.Before = top.ahead[1:], s.ID
	return false, nil
}

// unknown lists the applications to read with this one in one request: those that the page is likely to show.
func (m *merge) unknown(application string) []string {
	ids := []string{application}
	for _, head := range m.heads() {
		_, known := m.epochs.known[head.Application]
		if !known && head.Application != application && len(ids) < min(m.wanted(), maxApplications) {
			ids = append(ids, head.Application)
		}
	}
	return ids
}

// wanted is the number of sessions to find: those that the page lacks, and one that tells whether there are more.
func (m *merge) wanted() int { return m.req.Limit - len(m.page) + 1 }

// chunk is the number of sessions to read from a lane: its share of the page at first, then twice as many each time.
func (m *merge) chunk(l *lane) int {
	share := (m.req.Limit + len(m.lanes)) / len(m.lanes)
	return min(share<<l.reads, m.wanted())
}

// search finds the next application below the last one, by its newest session. The first request of a list reads as much
// as a page needs. For most users that is every session.
func (m *merge) search(ctx context.Context) error {
	q := Query{Tenant: m.req.Tenant, User: m.req.User, Limit: 1}
	if m.Last != "" {
		q.After = &Key{Tenant: q.Tenant, User: q.User, Application: m.Last}
	} else if m.Ceiling == (token.ID{}) {
		q.Limit = m.wanted()
	}
	found, more, err := m.query(ctx, q)
	if err != nil {
		return err
	}
	var lanes []*lane
	for _, s := range found {
		if len(lanes) == 0 || lanes[len(lanes)-1].Application != s.Application {
			lanes = append(lanes, &lane{Head: Head{s.Application, above(s.ID)}, ended: true})
		}
		last := lanes[len(lanes)-1]
		last.ahead = append(last.ahead, s)
	}
	if len(lanes) > 0 {
		last := lanes[len(lanes)-1]
		last.ended = !more
		if err := m.lower(ctx, last); err != nil {
			return err
		}
		m.Last = last.Application
	}
	m.lanes = append(m.lanes, lanes...)
	if m.Searching = more; !more {
		m.Last = ""
	}
	return nil
}

// lower brings a new lane below the ceiling.
func (m *merge) lower(ctx context.Context, l *lane) error {
	if (m.Ceiling == token.ID{}) || !below(m.Ceiling, l.limit()) {
		return nil
	}
	l.ahead, l.Before = nil, m.Ceiling
	if l.ended {
		return nil
	}
	return m.read(ctx, l, 1)
}

// read reads the next sessions of a lane.
func (m *merge) read(ctx context.Context, l *lane, limit int) error {
	q := Query{Tenant: m.req.Tenant, User: m.req.User, Application: l.Application, Limit: limit}
	q.After = &Key{Tenant: q.Tenant, User: q.User, Application: q.Application, ID: l.Before}
	found, more, err := m.query(ctx, q)
	if err != nil {
		return err
	}
	l.ahead, l.ended, l.reads = found, !more, l.reads+1
	return nil
}

func (m *merge) query(ctx context.Context, q Query) (found []Session, more bool, err error) {
	if err := m.spend(); err != nil {
		return nil, false, err
	}
	if found, more, err = m.store.Query(ctx, q); err != nil {
		return nil, false, fmt.Errorf("query sessions: %w", err)
	}
	return found, more, nil
}

// spend counts one request. Errors: errSpent.
func (m *merge) spend() error {
	if m.reads == maxReads {
		return errSpent
	}
	m.reads++
	return nil
}

// heads lists the lanes with something to show, the newest first.
func (m *merge) heads() []Head {
	heads := make([]Head, 0, len(m.lanes))
	for _, l := range m.lanes {
		if limit := l.limit(); below(m.Floor, limit) {
			heads = append(heads, Head{l.Application, limit})
		}
	}
	slices.SortFunc(heads, func(a, b Head) int {
		return cmp.Or(bytes.Compare(b.Before[:], a.Before[:]), cmp.Compare(a.Application, b.Application))
	})
	return heads
}

// position is where the next page starts. Another search finds the heads beyond its size.
func (m *merge) position() *Position {
	m.Heads = m.heads()
	size := 0
	for i, head := range m.Heads {
		if size += len(head.Application) + len(head.Before) + 1; size > maxPosition {
			m.Floor, m.Heads = head.Before, m.Heads[:i]
			break
		}
	}
	return &m.Position
}

// highest is above the id of every session.
var highest = token.ID(bytes.Repeat([]byte{0xff}, len(token.ID{})))

// above is the least id above this one.
func above(id token.ID) token.ID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			return id
		}
	}
	return highest
}

func below(a, b token.ID) bool { return bytes.Compare(a[:], b[:]) < 0 }
