package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// DeleteStore is what Deleter needs of Store.
type DeleteStore interface {
	EndStore
	Locate(ctx context.Context, tenant string, id token.ID) (Key, error)
}

// Deleter ends sessions by id.
type Deleter struct {
	store DeleteStore
	end   end
}

// NewDeleter ends the sessions in a store.
func NewDeleter(store DeleteStore, now func() time.Time) Deleter {
	return Deleter{store: store, end: end{store, now}}
}

// Delete ends a live session by its id and returns its last state. Of concurrent calls exactly one returns it. Errors:
// ErrNoSession, also for a session that the caller may not see; ErrUnavailable.
func (d Deleter) Delete(ctx context.Context, c Caller, id token.ID) (Session, error) {
	key, err := d.store.Locate(ctx, c.Tenant, id)
	if err != nil {
		return Session{}, fmt.Errorf("locate session: %w", err)
	}
	return d.end.session(ctx, c, Deletion{Key: key})
}

// TokenDeleter ends sessions by their refresh tokens.
type TokenDeleter struct {
	identifier Identifier
	end        end
}

// NewTokenDeleter ends the sessions in a store.
func NewTokenDeleter(store EndStore, tokenKeys *keys.Ring[keys.TokenSet], now func() time.Time) TokenDeleter {
	return TokenDeleter{identifier: NewIdentifier(tokenKeys), end: end{store, now}}
}

// DeleteByToken ends the live session of a refresh token of any generation. Errors: ErrNoSession, also for a string that
// is not a token of this service or of this caller; ErrUnavailable, keys.ErrUnavailable.
func (d TokenDeleter) DeleteByToken(ctx context.Context, c Caller, text string) (Session, error) {
	t, err := d.identify(ctx, text)
	if err != nil {
		return Session{}, err
	}
	return d.end.session(ctx, c, deletionOf(t))
}

// LogOut is DeleteByToken for whoever holds the token, with the reason logout.
func (d TokenDeleter) LogOut(ctx context.Context, text string) (Session, error) {
	t, err := d.identify(ctx, text)
	if err != nil {
		return Session{}, err
	}
	return d.end.session(byHolder(ctx, t.Session), Caller{Tenant: t.Tenant, User: t.User}, deletionOf(t))
}

func (d TokenDeleter) identify(ctx context.Context, text string) (token.Refresh, error) {
	t, err := d.identifier.Identify(ctx, text)
	if errors.Is(err, ErrRefused) {
		return t, fmt.Errorf("%w: %w", ErrNoSession, err)
	}
	return t, err
}

// EndStore is what the end of one session needs of Store.
type EndStore interface {
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	Delete(ctx context.Context, d Deletion) (Session, error)
	Recorder
}

// end deletes single sessions.
type end struct {
	store EndStore
	clock clock
}

// deletionOf deletes the session of a genuine token of any generation.
func deletionOf(t token.Refresh) Deletion {
	return Deletion{Key: keyOf(t), Root: t.Secret.RootHash(t.Session)}
}

// session deletes a session that the caller may see, and returns it if it was live. Errors: ErrNoSession; it is
// ErrWrongRoot too if a required root does not fit.
func (e end) session(ctx context.Context, c Caller, d Deletion) (Session, error) {
	if !c.sees(d.Key) {
		return Session{}, ErrNoSession
	}
	old, err := e.remove(ctx, d)
	if err == nil {
		Record(ctx, e.store, e.clock.now(), entryOf(d.Key, EventDeleted))
	}
	return old, err
}

// remove is session without the caller and the entry.
func (e end) remove(ctx context.Context, d Deletion) (Session, error) {
	app, err := e.store.ApplicationOf(ctx, d.Key)
	if err != nil && !errors.Is(err, ErrNoApplication) {
		return Session{}, fmt.Errorf("read application: %w", err)
	}
	gone := err != nil
	old, err := e.store.Delete(ctx, d)
	if errors.Is(err, ErrChanged) {
		return Session{}, fmt.Errorf("%w: %w", ErrNoSession, ErrWrongRoot)
	}
	if err != nil {
		if errors.Is(err, ErrPerhapsDeleted) && !gone {
			Record(ctx, e.store, e.clock.now(), entryOf(d.Key, EventDeleted))
		}
		return Session{}, fmt.Errorf("delete session: %w", err)
	}
	if gone || !old.LiveUnder(app, e.clock.now()) {
		return Session{}, ErrNoSession // it was over before
	}
	return old.Under(app), nil
}

// byHolder says that the holder of a session's token ends it.
func byHolder(ctx context.Context, id token.ID) context.Context {
	return WithCause(ctx, Cause{By: "user:" + id.String(), Reason: ReasonLogout})
}
