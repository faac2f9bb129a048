package session

import (
	"context"
	"errors"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Introspection is what a token says of itself while it is active.
type Introspection struct {
	Session Session
	// Access is set for an access token, nil for a refresh token.
	Access *token.Access
}

// Introspector looks at tokens.
type Introspector struct {
	identifier Identifier
	store      LoadStore
	verifier   token.Verifier
	clock      clock
}

// NewIntrospector looks at the tokens of the sessions in a store.
func NewIntrospector(store LoadStore, tokenKeys *keys.Ring[keys.TokenSet], verifier token.Verifier,
	now func() time.Time,
) Introspector {
	return Introspector{identifier: NewIdentifier(tokenKeys), store: store, verifier: verifier, clock: now}
}

// Introspect looks at a token of either kind without changing anything (RFC 7662). A superseded token is not
// active, and looking at it is no reuse. Errors: ErrNoSession for every token that is not active for this
// caller, ErrUnavailable, keys.ErrUnavailable.
func (i Introspector) Introspect(ctx context.Context, c Caller, text string) (Introspection, error) {
	t, err := i.identifier.Identify(ctx, text)
	if errors.Is(err, ErrForged) {
		return i.introspectAccess(ctx, c, text)
	}
	if err != nil {
		return Introspection{}, err
	}
	if !c.sees(keyOf(t)) {
		return Introspection{}, ErrNoSession
	}
	session, err := live(ctx, i.store, keyOf(t), i.clock)
	if err == nil && !session.SecretHash.Equal(t.Secret.Hash()) {
		err = ErrNoSession
	}
	return Introspection{Session: session}, err
}

func (i Introspector) introspectAccess(ctx context.Context, c Caller, text string) (Introspection, error) {
	access, err := i.verifier.Verify(ctx, text)
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
	session, err := live(ctx, i.store, key, i.clock)
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
