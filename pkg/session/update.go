package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// UpdateStore is what Updater needs of Store.
type UpdateStore interface {
	RetrieveStore
	UpdateWriter
	Recorder
}

// Updater changes sessions by id.
type Updater struct {
	store UpdateStore
	clock clock
}

// NewUpdater changes the sessions in a store.
func NewUpdater(store UpdateStore, now func() time.Time) Updater { return Updater{store, now} }

// Check reports what is wrong with a patch, whatever session it is for. Errors: InputError.
func (u Updater) Check(p Patch) error { return p.check(u.clock.now()) }

// Update changes a live session by its id and returns its state. A session that already is as asked is not written.
// Errors: InputError; ErrNoSession, also for a session that the caller may not see; ErrUnavailable.
func (u Updater) Update(ctx context.Context, c Caller, id token.ID, p Patch) (Session, error) {
	now := u.clock.now()
	if err := p.check(now); err != nil {
		return Session{}, err
	}
	key, err := u.store.Locate(ctx, c.Tenant, id)
	if err != nil {
		return Session{}, fmt.Errorf("locate session: %w", err)
	}
	if !c.sees(key) {
		return Session{}, ErrNoSession
	}
	s, app, err := u.store.Load(ctx, key)
	if errors.Is(err, ErrNoApplication) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("load session: %w", err)
	}
	s, written, err := p.update(ctx, u.store, s, app, now)
	if written && !errors.Is(err, ErrNoSession) { // after a failure too: it may have changed
		e := entryOf(key, EventUpdated)
		e.Changed = p.noted()
		Record(ctx, u.store, u.clock.now(), e)
	}
	if err != nil {
		return Session{}, err
	}
	return s.Under(app), nil
}

// maxUpdates is the most writes of one update. A refused write means that another update of the session came first.
const maxUpdates = 64

// updating is a store that can tell what became of an update.
type updating interface {
	LoadStore
	UpdateWriter
}

// update writes the patch of a session, and once more for the session as it is now where another update came between.
// Written says that a write was sent which may have been applied, and so leaves an entry: its repetition finds nothing
// to change, and leaves none. Errors: ErrNoSession for a session that is over.
func (p Patch) update(ctx context.Context, store updating, s Session, app Application, now time.Time,
) (state Session, written bool, err error) {
	for range maxUpdates {
		if !s.LiveUnder(app, now) {
			return s, written, ErrNoSession
		}
		u, changes, err := p.of(s, app, now)
		if err != nil || !changes {
			return s, written, err
		}
		var applied bool
		s, applied, err = store.Update(ctx, u)
		if err != nil {
			return s, written || perhapsApplied(ctx, store, u, err), fmt.Errorf("update session: %w", err)
		}
		if written = true; applied {
			return s, written, nil
		}
	}
	return s, written, fmt.Errorf("%w: other updates came before each of %d writes", ErrUnavailable, maxUpdates)
}

// perhapsApplied reports whether an update that failed may have been applied, because its answer was lost. The session
// tells; where it cannot be read, nobody knows.
func perhapsApplied(ctx context.Context, store LoadStore, u Update, failure error) bool {
	if errors.Is(failure, ErrNoSession) {
		return false
	}
	s, _, err := store.Load(ctx, u.Key)
	return !errors.Is(err, ErrNoSession) && (err != nil || s.Updates > u.From)
}
