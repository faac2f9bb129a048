package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Caller narrows a verb to what its caller may see: a whole tenant, or one user of it.
type Caller struct {
	Tenant string
	User   string // "" for an API key, which sees every user
}

func (c Caller) sees(key Key) bool {
	return key.Tenant == c.Tenant && (c.User == "" || c.User == key.User)
}

// Retrieve reads the live session of an id. Errors: ErrNoSession, for one that the caller may not see too.
func (s *Service) Retrieve(ctx context.Context, c Caller, id token.ID) (Session, error) {
	key, err := s.Store.Locate(ctx, c.Tenant, id)
	if err != nil {
		return Session{}, fmt.Errorf("locate session: %w", err)
	}
	if !c.sees(key) {
		return Session{}, ErrNoSession
	}
	return s.Live(ctx, key)
}

// Live reads a session that is live now. Errors: ErrNoSession.
func (s *Service) Live(ctx context.Context, key Key) (Session, error) {
	session, app, err := s.Store.Load(ctx, key)
	if errors.Is(err, ErrNoApplication) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("load session: %w", err)
	}
	if !session.LiveUnder(app, s.now()) {
		return Session{}, ErrNoSession
	}
	return session, nil
}
