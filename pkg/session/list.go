package session

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ListRequest selects live sessions of one user, newest first.
type ListRequest struct {
	Tenant      string
	User        string
	Application string    // "" means all
	Before      *token.ID // only those created before this one, which may have been deleted
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

// List reads up to Limit live sessions, newest first, and reports whether there are more. Its cost grows with the
// sessions of the user (one request per megabyte), within one application with the page alone. Errors: ErrUnavailable.
func (l Lister) List(ctx context.Context, req ListRequest) (page []Session, more bool, err error) {
	q := Query{Tenant: req.Tenant, User: req.User, Application: req.Application}
	if req.Application != "" {
		q.Limit = req.Limit + 1
		if req.Before != nil {
			q.After = &Key{Tenant: req.Tenant, User: req.User, Application: req.Application, ID: *req.Before}
		}
	}
	epochs := newEpochs(l.store, req.Tenant, req.User)
	now := l.clock.now()
	err = pages(ctx, l.store, q, func(found []Session) (bool, error) {
		live, err := epochs.live(ctx, found, now)
		page = append(page, live...)
		// Within one application the order of keys is the order of creation: no later page has a newer session.
		return req.Application == "" || len(page) <= req.Limit, err
	})
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(page, newestFirst)
	if req.Before != nil {
		page = slices.DeleteFunc(page, func(x Session) bool { return bytes.Compare(x.ID[:], req.Before[:]) >= 0 })
	}
	if len(page) > req.Limit {
		return page[:req.Limit], true, nil
	}
	return page, false, nil
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
	known  map[string]Application
}

func newEpochs(store ListStore, tenant, user string) *epochs {
	return &epochs{store: store, tenant: tenant, user: user, known: map[string]Application{}}
}

// maxApplications is the most that one request to the store may name.
const maxApplications = 100

// live selects the sessions that are live at now. One whose application does not exist is not.
func (e *epochs) live(ctx context.Context, found []Session, now time.Time) ([]Session, error) {
	var missing []string
	for _, session := range found {
		app, known := e.known[session.Application]
		stale := session.Epoch > app.Epoch // issued after a deletion between the two reads
		if (!known || stale) && !slices.Contains(missing, session.Application) {
			missing = append(missing, session.Application)
		}
	}
	gone := map[string]bool{}
	for ids := range slices.Chunk(missing, maxApplications) {
		apps, err := e.store.Applications(ctx, e.tenant, e.user, ids)
		if err != nil {
			return nil, fmt.Errorf("read applications: %w", err)
		}
		for _, id := range ids {
			app, exists := apps[id]
			gone[id] = !exists
			if exists {
				e.known[id] = app
			}
		}
	}
	var live []Session
	for _, session := range found {
		if !gone[session.Application] && session.LiveUnder(e.known[session.Application], now) {
			live = append(live, session)
		}
	}
	return live, nil
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
