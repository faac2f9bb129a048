package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// UpdateByUserStore is what UserUpdater needs of Store.
type UpdateByUserStore interface {
	ListStore
	updating
	Recorder
}

// UserUpdater changes the sessions of users.
type UserUpdater struct {
	store UpdateByUserStore
	clock clock
}

// NewUserUpdater changes the sessions in a store.
func NewUserUpdater(store UpdateByUserStore, now func() time.Time) UserUpdater {
	return UserUpdater{store, now}
}

// Check reports what is wrong with a patch, whatever session it is for. Errors: InputError.
func (u UserUpdater) Check(p Patch) error { return p.check(u.clock.now()) }

const (
	// updateFor is how long one request changes the sessions of a user.
	updateFor = 5 * time.Second
	// beforeUpdatesEnd is the time that it leaves before the deadline of the invocation, for its entry and its answer.
	beforeUpdatesEnd = time.Second
)

// due is a session that an update is to change, and its application.
type due struct {
	Session

	app Application
}

// UpdateByUser changes all live sessions of a user, or those in one application, newest first. It returns the ids of those
// that it changed and how many are left, because its time is over: a repetition changes them. A session that already is as
// asked is skipped; one that ends before an end that is asked keeps its own. If the patch does not fit one of the sessions,
// none changes. Errors: InputError, ErrNoApplication, ErrUnavailable, after which some may have changed.
func (u UserUpdater) UpdateByUser(ctx context.Context, q Query, p Patch) (updated []token.ID, remaining int, err error) {
	now := u.clock.now()
	if err := p.check(now); err != nil {
		return nil, 0, err
	}
	p.keepEarlierEnd = true
	all, err := u.due(ctx, q, p, now)
	if err != nil {
		return nil, 0, err
	}
	for n, one := range all {
		if u.over(ctx, now) {
			remaining = len(all) - n
			break
		}
		var written bool
		_, written, err = p.update(ctx, u.store, one.Session, one.app, now)
		if errors.Is(err, ErrNoSession) {
			err = nil // it ended meanwhile
			continue
		}
		if written {
			updated = append(updated, one.ID)
		}
		if err != nil {
			break
		}
	}
	if len(updated) > 0 { // after a failure too: those are changed
		Record(ctx, u.store, u.clock.now(), Entry{
			Tenant: q.Tenant, User: q.User, Application: q.Application, Event: EventUpdated, Sessions: updated, Changed: p.noted(),
		})
	}
	return updated, remaining, err
}

// due lists the live sessions that the patch changes, newest first. Errors: InputError, ErrNoApplication.
func (u UserUpdater) due(ctx context.Context, q Query, p Patch, now time.Time) (all []due, err error) {
	epochs := newEpochs(u.store, q.Tenant, q.User)
	if q.Application != "" {
		if err := epochs.learn(ctx, []string{q.Application}); err != nil {
			return nil, err
		}
		if epochs.known[q.Application] == nil {
			return nil, fmt.Errorf("read application: %w", ErrNoApplication)
		}
	}
	err = pages(ctx, u.store, q, func(found []Session) (bool, error) {
		live, err := epochs.live(ctx, found, now)
		if err != nil {
			return false, err
		}
		for _, s := range live {
			app := *epochs.known[s.Application]
			_, changes, err := p.of(s, app, now)
			if err != nil {
				return false, err
			}
			if changes {
				all = append(all, due{s, app})
			}
		}
		return true, nil
	})
	slices.SortFunc(all, func(a, b due) int { return newestFirst(a.Session, b.Session) })
	return all, err
}

// over reports whether the time for changes is over.
func (u UserUpdater) over(ctx context.Context, began time.Time) bool {
	deadline, limited := ctx.Deadline()
	return u.clock.now().Sub(began) >= updateFor || limited && time.Until(deadline) < beforeUpdatesEnd
}
