package session

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Introspection is what a token says of itself while it is active.
type Introspection struct {
	Session Session
	// Access is set for an access token, nil for a refresh token.
	Access *token.Access
}

// Introspect looks at a token of either kind without changing anything (RFC 7662). A superseded token is not
// active, and looking at it is no reuse. Errors: ErrNoSession for every token that is not active for this
// caller, ErrUnavailable, keys.ErrUnavailable.
func (s *Service) Introspect(ctx context.Context, c Caller, text string) (Introspection, error) {
	t, err := s.Identify(ctx, text)
	if errors.Is(err, ErrForged) {
		return s.introspectAccess(ctx, c, text)
	}
	if err != nil {
		return Introspection{}, err
	}
	if !c.sees(keyOf(t)) {
		return Introspection{}, ErrNoSession
	}
	session, err := s.Live(ctx, keyOf(t))
	if err == nil && !session.SecretHash.Equal(t.Secret.Hash()) {
		err = ErrNoSession
	}
	return Introspection{Session: session}, err
}

func (s *Service) introspectAccess(ctx context.Context, c Caller, text string) (Introspection, error) {
	access, err := s.Verifier.Verify(ctx, text)
	if errors.Is(err, token.ErrBadAccess) {
		return Introspection{}, ErrNoSession
	}
	if err != nil {
		return Introspection{}, err
	}
	key, ok := KeyOfAccess(access)
	if !ok || !c.sees(key) {
		return Introspection{}, ErrNoSession
	}
	session, err := s.Live(ctx, key)
	if err == nil && !session.Accepts(access) {
		err = ErrNoSession
	}
	return Introspection{Session: session, Access: &access}, err
}

// KeyOfAccess is the key of the session that an access token names; false when it names none.
func KeyOfAccess(access token.Access) (Key, bool) {
	id, ok := token.ParseID(access.Session)
	return Key{Tenant: access.Tenant, User: access.User, Application: access.Application, ID: id}, ok
}
