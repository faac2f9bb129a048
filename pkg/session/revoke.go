package session

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Revoke ends the session of a token for its holder (RFC 7009): a refresh token of whatever generation, or an
// access token, expired or superseded ones included. Application, when not empty, must be the token's. A token
// that is none of ours, or whose session is over, is nothing to do. Errors: ErrOtherApplication, ErrUnavailable,
// keys.ErrUnavailable.
func (s *Service) Revoke(ctx context.Context, text, application string) error {
	key, err := s.keyOfEither(ctx, text)
	switch {
	case errors.Is(err, ErrNoSession):
		return nil
	case err != nil:
		return err
	case application != "" && application != key.Application:
		return ErrOtherApplication
	}
	if _, err := s.end(ctx, Caller{Tenant: key.Tenant}, key); err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	return nil
}

// keyOfEither is the key of the session that a token of either kind belongs to. Errors: ErrNoSession for what is
// no token of ours.
func (s *Service) keyOfEither(ctx context.Context, text string) (Key, error) {
	t, err := s.Identify(ctx, text)
	if err == nil {
		return keyOf(t), nil
	}
	if !errors.Is(err, ErrForged) {
		return Key{}, err
	}
	access, err := s.Verifier.VerifyEvenExpired(ctx, text)
	if errors.Is(err, token.ErrBadAccess) {
		return Key{}, ErrNoSession
	}
	if err != nil {
		return Key{}, err
	}
	key, ok := KeyOfAccess(access)
	if !ok {
		return Key{}, ErrNoSession
	}
	return key, nil
}
