package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Service runs the verbs. Its zero value is unusable: every field has to be set, but for those that say so.
type Service struct {
	Store     Store
	TokenKeys *keys.Ring[keys.TokenSet]
	// Signing is needed by Issue and Refresh only.
	Signing  *keys.Ring[keys.SigningSet]
	Verifier token.Verifier
	Issuer   string
	Now      func() time.Time
	Random   io.Reader
}

// now is the clock in the resolution that sessions are stored in.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Grant is a pair of tokens for their holder.
type Grant struct {
	Access    token.Text
	ExpiresIn int64 // what remains of the access token, in whole seconds
	Refresh   token.Text
	// RefreshExpiresIn is what remains of the refresh token if nobody uses it, in whole seconds.
	RefreshExpiresIn int64
	Session          Session
	Outcome          Outcome
}

// Outcome is how a grant came about, for logs and metrics.
type Outcome string

// The outcomes.
const (
	Issued   Outcome = "issued"
	Rotated  Outcome = "rotated"  // the token was current
	Retried  Outcome = "retry"    // an earlier attempt had rotated it; the answer is the same
	Extended Outcome = "extended" // a reusable token
)

// Identify verifies a refresh token's tag: ours, whatever became of its session. Errors: ErrForged,
// keys.ErrUnavailable.
func (s *Service) Identify(ctx context.Context, text string) (token.Refresh, error) {
	t, _, err := s.identify(ctx, text)
	return t, err
}

func (s *Service) identify(ctx context.Context, text string) (token.Refresh, keys.TokenKey, error) {
	presented, err := token.ParseRefresh(text)
	if err != nil {
		return token.Refresh{}, keys.TokenKey{}, ErrForged
	}
	key, found, err := keys.FindTokenKey(ctx, s.TokenKeys, presented.KeyID())
	if err != nil {
		return token.Refresh{}, key, err
	}
	if !found {
		return token.Refresh{}, key, ErrForged
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

// grant makes the answer for a session whose current refresh token is t.
func (s *Service) grant(session Session, t token.Refresh, key keys.TokenKey, signing keys.SigningKey, outcome Outcome,
) (Grant, error) {
	issued := session.accessIssuedAt()
	expires := issued.Add(session.Policy.Access)
	if session.AbsoluteExpiresAt.Before(expires) {
		expires = session.AbsoluteExpiresAt
	}
	access, err1 := token.Access{
		Issuer:      s.Issuer,
		User:        session.User,
		Application: session.Application,
		Tenant:      session.Tenant,
		Session:     session.ID.String(),
		ID:          session.AccessTokenID.String(),
		Generation:  session.Generation,
		IssuedAt:    issued.Unix(),
		NotBefore:   issued.Unix(),
		Expires:     expires.Unix(),
		Scope:       session.Scope,
		Custom:      session.Claims,
	}.Sign(signing)
	refresh, err2 := t.Encode(key)
	if err := errors.Join(err1, err2); err != nil {
		return Grant{}, fmt.Errorf("grant: %w", err)
	}
	now := s.now()
	return Grant{
		Access: access, ExpiresIn: max(0, expires.Unix()-now.Unix()),
		Refresh: refresh, RefreshExpiresIn: int64(max(0, session.ExpiresAt().Sub(now)) / time.Second),
		Session: session, Outcome: outcome,
	}, nil
}
