package session

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Identifier verifies the tag of refresh tokens. It reads no store for them, and a locator for those of another system.
type Identifier struct {
	tokenKeys *keys.Ring[keys.TokenSet]
	accepted  Accepted
}

// NewIdentifier verifies with token keys.
func NewIdentifier(tokenKeys *keys.Ring[keys.TokenSet]) Identifier {
	return Identifier{tokenKeys: tokenKeys}
}

// Identify reads a genuine refresh token, of a live session or not. Errors: ErrForged, ErrMalformed among them;
// ErrDroppedKey, keys.ErrUnavailable.
func (i Identifier) Identify(ctx context.Context, text string) (token.Refresh, error) {
	t, _, err := i.identify(ctx, text)
	return t, err
}

// identify also returns the key of the tag; none for a token of another system, which has no tag.
func (i Identifier) identify(ctx context.Context, text string) (token.Refresh, keys.TokenKey, error) {
	presented, err := token.ParseRefresh(text)
	if err != nil {
		t, err := i.accepted.locate(ctx, text)
		return t, keys.TokenKey{}, err
	}
	key, err := keys.FindTokenKey(ctx, i.tokenKeys, presented.KeyID())
	switch {
	case errors.Is(err, keys.ErrDropped): // without the key nothing in the token is verified, ids included
		return token.Refresh{}, key, ErrDroppedKey
	case errors.Is(err, keys.ErrNoKey):
		return token.Refresh{}, key, ErrForged
	case err != nil:
		return token.Refresh{}, key, err
	}
	t, err := presented.Verify(key)
	if err != nil {
		return token.Refresh{}, key, ErrForged
	}
	return t, key, nil
}

func keyOf(t token.Refresh) Key {
	return Key{Tenant: t.Tenant, User: t.User, Application: t.Application, ID: t.Session}
}
