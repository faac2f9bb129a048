package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Revoker ends sessions for the holders of their tokens.
type Revoker struct {
	identifier Identifier
	verifier   token.Verifier
	end        end
}

// NewRevoker ends the sessions in a store.
func NewRevoker(store EndStore, tokenKeys *keys.Ring[keys.TokenSet], verifier token.Verifier,
	now func() time.Time,
) Revoker {
	return Revoker{identifier: NewIdentifier(tokenKeys), verifier: verifier, end: end{store, now}}
}

// Revoke ends the session of a token for its holder (RFC 7009): a refresh token of any generation or an access token,
// expired or superseded ones included. A non-empty application must be the token's. Errors: ErrNoSession for an unknown
// token and for one whose session is over, with the refusal of a refresh token in it; ErrOtherApplication,
// ErrUnavailable, keys.ErrUnavailable.
func (r Revoker) Revoke(ctx context.Context, text, application string) error {
	d, err := r.deletionOfEither(ctx, text)
	if err != nil {
		return err
	}
	if application != "" && application != d.Application {
		return ErrOtherApplication
	}
	_, err = r.end.session(byHolder(ctx, d.ID), Caller{Tenant: d.Tenant}, d)
	return err
}

// deletionOfEither deletes the session of a token of either kind. Errors: ErrNoSession for a string that is not a token of
// this service.
func (r Revoker) deletionOfEither(ctx context.Context, text string) (Deletion, error) {
	t, err := r.identifier.Identify(ctx, text)
	if err == nil {
		return deletionOf(t), nil
	}
	if errors.Is(err, ErrDroppedKey) {
		return Deletion{}, fmt.Errorf("%w: %w", ErrNoSession, err)
	}
	if !errors.Is(err, ErrForged) {
		return Deletion{}, err
	}
	access, err := r.verifier.VerifyEvenExpired(ctx, text)
	if errors.Is(err, token.ErrBadAccess) {
		return Deletion{}, ErrNoSession
	}
	if err != nil {
		return Deletion{}, err
	}
	key, ok := KeyOfAccess(access)
	if !ok || access.Narrowed { // given to somebody else (law 7)
		return Deletion{}, ErrNoSession
	}
	return Deletion{Key: key}, nil
}
