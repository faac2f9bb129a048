package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Caller limits a verb to the sessions that its caller may see: those of a tenant, or of one user.
type Caller struct {
	Tenant string
	User   string // "" for an API key: every user
}

func (c Caller) sees(key Key) bool {
	return key.Tenant == c.Tenant && (c.User == "" || c.User == key.User)
}

// RetrieveStore is what Retriever needs of Store.
type RetrieveStore interface {
	LoadStore
	Locate(ctx context.Context, tenant string, id token.ID) (Key, error)
}

// LoadStore reads one session: see Store.
type LoadStore interface {
	Load(ctx context.Context, key Key) (Session, Application, error)
}

// Retriever reads single sessions.
type Retriever struct {
	store RetrieveStore
	clock clock
}

// NewRetriever reads the sessions in a store.
func NewRetriever(store RetrieveStore, now func() time.Time) Retriever { return Retriever{store, now} }

// Retrieve reads a live session by its id. Errors: ErrNoSession, also for a session that the caller may not see;
// ErrUnavailable.
func (r Retriever) Retrieve(ctx context.Context, c Caller, id token.ID) (Session, error) {
	key, err := r.store.Locate(ctx, c.Tenant, id)
	if err != nil {
		return Session{}, fmt.Errorf("locate session: %w", err)
	}
	if !c.sees(key) {
		return Session{}, ErrNoSession
	}
	return r.Live(ctx, key)
}

// Live reads a live session by its key. Errors: ErrNoSession, ErrUnavailable.
func (r Retriever) Live(ctx context.Context, key Key) (Session, error) {
	return live(ctx, r.store, key, r.clock)
}

// live reads a session as it counts under its application, then the clock.
func live(ctx context.Context, store LoadStore, key Key, c clock) (Session, error) {
	session, app, err := store.Load(ctx, key)
	if errors.Is(err, ErrNoApplication) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("load session: %w", err)
	}
	if !session.LiveUnder(app, c.now()) {
		return Session{}, ErrNoSession
	}
	session.Audience = app.Audience()
	return session.Under(app), nil
}
