package session

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"
)

// ListRequest selects live sessions of one user, newest first.
type ListRequest struct {
	Tenant      string
	User        string
	Application string    // "" means all
	From        *Position // where the page before ended; nil for the first page
	Limit       int
}

// ListStore is what Lister needs of Store.
type ListStore interface {
	Query(ctx context.Context, q Query) (sessions []Session, more bool, err error)
	Applications(ctx context.Context, tenant, user string, ids []string) (map[string]Application, error)
}

// Lister lists the sessions of users.
type Lister struct {
	store ListStore
	clock clock
}

// NewLister lists the sessions in a store.
func NewLister(store ListStore, now func() time.Time) Lister { return Lister{store, now} }

// List reads up to Limit live sessions, newest first, and the position of the next page, which is nil on the last one.
// It makes at most maxReads requests to the store; where they do not suffice the page is shorter, or empty. Following the
// positions shows every session that lives all the while exactly once. Errors: ErrUnavailable.
func (l Lister) List(ctx context.Context, req ListRequest) (page []Session, next *Position, err error) {
	m := newMerge(l.store, req, l.clock.now())
	more, err := m.run(ctx)
	if err != nil {
		return nil, nil, err
	}
	if more {
		next = m.position()
	}
	return m.page, next, nil
}

// newestFirst sorts by id, since a UUIDv7 sorts by its time.
func newestFirst(a, b Session) int { return bytes.Compare(b.ID[:], a.ID[:]) }

// querier reads pages of a user's sessions: see Reader.
type querier interface {
	Query(ctx context.Context, q Query) (sessions []Session, more bool, err error)
}

// pages visits the pages of the store until visit returns false.
func pages(ctx context.Context, store querier, q Query, visit func([]Session) (bool, error)) error {
	for {
		found, more, err := store.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("query sessions: %w", err)
		}
		goOn, err := visit(found)
		if err != nil || !goOn || !more || len(found) == 0 {
			return err
		}
		q.After = &found[len(found)-1].Key
	}
}

// walk visits the sessions one by one until visit returns false.
func walk(ctx context.Context, store querier, q Query, visit func(Session) bool) error {
	return pages(ctx, store, q, func(found []Session) (bool, error) {
		for _, session := range found {
			if !visit(session) {
				return false, nil
			}
		}
		return true, nil
	})
}

// epochs caches the applications of one request.
type epochs struct {
	store  ListStore
	tenant string
	user   string
	known  map[string]*Application // nil for one that does not exist
}

func newEpochs(store ListStore, tenant, user string) *epochs {
	return &epochs{store: store, tenant: tenant, user: user, known: map[string]*Application{}}
}

// maxApplications is the most that one request to the store may name.
const maxApplications = 100

// learn reads up to maxApplications applications with one request.
func (e *epochs) learn(ctx context.Context, ids []string) error {
	apps, err := e.store.Applications(ctx, e.tenant, e.user, ids)
	if err != nil {
		return fmt.Errorf("read applications: %w", err)
	}
	for _, id := range ids {
		e.known[id] = nil
		if app, exists := apps[id]; exists {
			e.known[id] = &app
		}
	}
	return nil
}

// judges reports whether the application of a session is known and no older than the session: it is older if the session
// was issued after a deletion between the two reads.
func (e *epochs) judges(s Session) bool {
	app, known := e.known[s.Application]
	return known && (app == nil || s.Epoch <= app.Epoch)
}

// isLive judges a session by its application. One whose application does not exist is not live.
func (e *epochs) isLive(s Session, now time.Time) bool {
	app := e.known[s.Application]
	return app != nil && s.LiveUnder(*app, now)
}

// live selects the sessions that are live at now.
func (e *epochs) live(ctx context.Context, found []Session, now time.Time) (live []Session, err error) {
	var missing []string
	for _, session := range found {
		if !e.judges(session) && !slices.Contains(missing, session.Application) {
			missing = append(missing, session.Application)
		}
	}
	for ids := range slices.Chunk(missing, maxApplications) {
		if err := e.learn(ctx, ids); err != nil {
			return nil, err
		}
	}
	for _, session := range found {
		if e.isLive(session, now) {
			live = append(live, session)
		}
	}
	return live, nil
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
