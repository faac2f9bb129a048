package session

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Minter makes the tokens of sessions: Issuer and Refresher share it.
type Minter struct {
	issuer    string
	tokenKeys *keys.Ring[keys.TokenSet]
	signing   *keys.Ring[keys.SigningSet]
	clock     clock
	random    io.Reader
}

// NewMinter makes tokens whose access tokens name the issuer (claim iss).
func NewMinter(issuer string, tokenKeys *keys.Ring[keys.TokenSet], signing *keys.Ring[keys.SigningSet],
	now func() time.Time, random io.Reader,
) Minter {
	return Minter{issuer: issuer, tokenKeys: tokenKeys, signing: signing, clock: now, random: random}
}

// clock reads the time.
type clock func() time.Time

// now is the time in the resolution that sessions are stored in.
func (c clock) now() time.Time { return c().UTC().Truncate(time.Millisecond) }

// Grant is a pair of tokens for their holder.
type Grant struct {
	Access    token.Text
	ExpiresIn int64 // until the access token expires, in whole seconds
	Refresh   token.Text
	// RefreshExpiresIn is until the refresh token expires unless it is used, in whole seconds.
	RefreshExpiresIn int64
	Session          Session
	Outcome          Outcome
}

// Outcome is what became of a request, for logs and metrics.
type Outcome string

// The outcomes of a grant.
const (
	Issued   Outcome = "issued"
	Rotated  Outcome = "rotated"  // the token was current
	Retried  Outcome = "retry"    // an earlier attempt had rotated it; the answer is the same
	Extended Outcome = "extended" // a reusable token
)

// The outcomes of a refusal, one for each sentinel under ErrRefused.
const (
	Forged          Outcome = "forged"
	Unknown         Outcome = "unknown"
	ApplicationGone Outcome = "application gone"
	Expired         Outcome = "expired"
	Reused          Outcome = "reuse"
)

// grant makes the answer for a session whose current refresh token is t.
func (m Minter) grant(session Session, t token.Refresh, key keys.TokenKey, signing keys.SigningKey, outcome Outcome,
) (Grant, error) {
	issued := session.accessIssuedAt()
	expires := issued.Add(session.Policy.Access)
	if session.AbsoluteExpiresAt.Before(expires) {
		expires = session.AbsoluteExpiresAt
	}
	access, err1 := token.Access{
		Issuer:      m.issuer,
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
	now := m.clock.now()
	return Grant{
		Access: access, ExpiresIn: max(0, expires.Unix()-now.Unix()),
		Refresh: refresh, RefreshExpiresIn: int64(max(0, session.ExpiresAt().Sub(now)) / time.Second),
		Session: session, Outcome: outcome,
	}, nil
}
