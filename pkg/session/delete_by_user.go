package session

import (
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
	epochs := newEpochs(d.store, tenant, user)
	if application != "" {
		app, err := d.store.ApplicationOf(ctx, Key{Tenant: tenant, User: user, Application: application})
		if err != nil {
			return nil, fmt.Errorf("read application: %w", err)
		}
		epochs.known[application] = &app
	}
	now := d.clock.now()
	var ended []Session
	q := Query{Tenant: tenant, User: user, Application: application}
	err := pages(ctx, d.store, q, func(found []Session) (bool, error) {
		if len(found) == 0 {
			return false, nil
		}
		live, err := epochs.live(ctx, found, now)
		if err != nil {
			return false, err
		}
		ended = append(ended, live...)
		remains := make([]Key, len(found))
		for i, session := range found {
			remains[i] = session.Key
		}
		return true, d.store.DeleteBatch(ctx, remains)
	})
	if err != nil {
		return nil, fmt.Errorf("delete sessions: %w", err)
	}
	slices.SortFunc(ended, newestFirst)
	ids := make([]token.ID, len(ended))
	for i, session := range ended {
		ids[i] = session.ID
	}
	return ids, nil
}
