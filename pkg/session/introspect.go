package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Introspection describes an active token.
type Introspection struct {
	Session Session
	// Access is set for an access token, nil for a refresh token.
	Access *token.Access
	// Claims are the custom ones: those in an access token, or those that the next access token has.
	Claims json.RawMessage
}

// Introspector describes tokens.
type Introspector struct {
	identifier Identifier
	store      LoadStore
	verifier   token.Verifier
	clock      clock
}

// NewIntrospector describes the tokens of the sessions in a store.
func NewIntrospector(store LoadStore, tokenKeys *keys.Ring[keys.TokenSet], verifier token.Verifier,
	now func() time.Time,
) Introspector {
	return Introspector{identifier: NewIdentifier(tokenKeys), store: store, verifier: verifier, clock: now}
}

// Introspect describes a token of either kind and changes nothing (RFC 7662): a superseded token is not active, and its
// introspection is not a reuse. Errors: ErrNoSession for a token that is not active for this caller, ErrUnavailable,
// keys.ErrUnavailable.
func (i Introspector) Introspect(ctx context.Context, c Caller, text string) (Introspection, error) {
	t, err := i.identifier.Identify(ctx, text)
	switch {
	case errors.Is(err, ErrForged):
		return i.introspectAccess(ctx, c, text)
	case errors.Is(err, ErrDroppedKey):
		return Introspection{}, fmt.Errorf("%w: %w", ErrNoSession, err)
	case err != nil:
		return Introspection{}, err
	}
	if !c.sees(keyOf(t)) {
		return Introspection{}, ErrNoSession
	}
	session, err := live(ctx, i.store, keyOf(t), i.clock)
	if err == nil && !session.SecretHash.Equal(t.Secret.Hash()) {
		err = ErrNoSession
	}
	return Introspection{Session: session, Claims: token.MergeClaims(session.Claims, session.HookClaims)}, err
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
	if err == nil && !session.Accepts(access, i.clock.now()) {
		err = ErrNoSession
	}
	access.Expires = min(session.AccessEnd(access).Unix(), session.AbsoluteExpiresAt.Unix())
	return Introspection{Session: session, Access: &access, Claims: token.CustomClaims(text)}, err
}

// KeyOfAccess is the key of the session of an access token; false for a session id that is not a UUID.
func KeyOfAccess(access token.Access) (Key, bool) {
	id, ok := token.ParseID(access.Session)
	return Key{Tenant: access.Tenant, User: access.User, Application: access.Application, ID: id}, ok
}
