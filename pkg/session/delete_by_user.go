package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// DeleteByUserStore is what UserDeleter needs of Store.
type DeleteByUserStore interface {
	ListStore
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	DeleteBatch(ctx context.Context, keys []Key) error
	Recorder
}

// UserDeleter ends the sessions of users.
type UserDeleter struct {
	store DeleteByUserStore
	clock clock
}

// NewUserDeleter ends the sessions in a store.
func NewUserDeleter(store DeleteByUserStore, now func() time.Time) UserDeleter {
	return UserDeleter{store, now}
}

// DeleteByUser ends all sessions of a user, or those in one application, and returns the ids of those that were live,
// newest first. It may be repeated until it succeeds. Errors: ErrNoApplication, ErrUnavailable.
func (d UserDeleter) DeleteByUser(ctx context.Context, tenant, user, application string) ([]token.ID, error) {
	return d.delete(ctx, Query{Tenant: tenant, User: user, Application: application}, nil)
}

// DeleteOthers is DeleteByUser but for one session, which must be live among them. Errors: also ErrNoSession, and then
// nothing is deleted.
func (d UserDeleter) DeleteOthers(ctx context.Context, tenant, user, application string, kept token.ID) ([]token.ID, error) {
	return d.delete(ctx, Query{Tenant: tenant, User: user, Application: application}, &kept)
}

func (d UserDeleter) delete(ctx context.Context, q Query, kept *token.ID) ([]token.ID, error) {
	epochs := newEpochs(d.store, q.Tenant, q.User)
	if q.Application != "" {
		app, err := d.store.ApplicationOf(ctx, Key{Tenant: q.Tenant, User: q.User, Application: q.Application})
		if err != nil {
			return nil, fmt.Errorf("read application: %w", err)
		}
		epochs.known[q.Application] = &app
	}
	now := d.clock.now()
	if kept != nil {
		if err := d.find(ctx, q, *kept, epochs); err != nil {
			return nil, err
		}
	}
	var ended []Session
	err := pages(ctx, d.store, q, func(found []Session) (bool, error) {
		found = slices.DeleteFunc(slices.Clone(found), func(s Session) bool { return kept != nil && s.ID == *kept })
		live, err := epochs.live(ctx, found, now)
		if err != nil || len(found) == 0 {
			return true, err
		}
		remains := make([]Key, len(found))
		for i, session := range found {
			remains[i] = session.Key
		}
		ended = append(ended, live...) // of a batch that fails some may be over, and a repetition would not find them
		return true, d.store.DeleteBatch(ctx, remains)
	})
	slices.SortFunc(ended, newestFirst)
	ids := make([]token.ID, len(ended))
	for i, session := range ended {
		ids[i] = session.ID
	}
	if len(ids) > 0 { // after a failure too: those are over
		Record(ctx, d.store, now, Entry{
			Tenant: q.Tenant, User: q.User, Application: q.Application, Event: EventDeleted, Sessions: ids,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("delete sessions: %w", err)
	}
	return ids, nil
}

// find looks for a live session. Errors: ErrNoSession.
func (d UserDeleter) find(ctx context.Context, q Query, id token.ID, epochs *epochs) error {
	missing := ErrNoSession
	err := pages(ctx, d.store, q, func(found []Session) (bool, error) {
		found = slices.DeleteFunc(slices.Clone(found), func(s Session) bool { return s.ID != id })
		live, err := epochs.live(ctx, found, d.clock.now())
		if len(live) > 0 {
			missing = nil
		}
		return missing != nil, err
	})
	return cmp.Or(err, missing)
}
