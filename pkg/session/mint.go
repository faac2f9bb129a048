package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Minter makes the tokens of sessions: Issuer and Refresher share it.
type Minter struct {
	issuer    issuer.Service
	tokenKeys *keys.Ring[keys.TokenSet]
	signing   *keys.Ring[keys.SigningSet]
	clock     clock
	random    io.Reader
	// wait pauses between two attempts, or until the context ends.
	wait func(context.Context, time.Duration)
}

// NewMinter makes tokens whose access tokens name the issuer of their tenant (claim iss).
func NewMinter(service issuer.Service, tokenKeys *keys.Ring[keys.TokenSet], signing *keys.Ring[keys.SigningSet],
	now func() time.Time, random io.Reader,
) Minter {
	return Minter{issuer: service, tokenKeys: tokenKeys, signing: signing, clock: now, random: random, wait: sleep}
}

// WithWait replaces the pause between two attempts, for a clock other than the machine's.
func (m Minter) WithWait(wait func(context.Context, time.Duration)) Minter {
	m.wait = wait
	return m
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// clock reads the time.
type clock func() time.Time

// now is the time in the resolution that sessions are stored in.
func (c clock) now() time.Time { return c().UTC().Truncate(time.Millisecond) }

// keySets fetches the keys of both tokens. Errors: keys.ErrUnavailable.
func (m Minter) keySets(ctx context.Context) (*keys.TokenSet, *keys.SigningSet, error) {
	tokenKeys, err := m.tokenKeys.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	signing, err := m.signing.Get(ctx)
	return tokenKeys, signing, err
}

// Grant is a pair of tokens for their holder.
type Grant struct {
	Access    token.Text
	TokenType string // of the access token: Bearer or DPoP
	ExpiresIn int64  // until the access token expires, in whole seconds
	Refresh   token.Text
	// RefreshExpiresIn is until the refresh token expires unless it is used, in whole seconds.
	RefreshExpiresIn int64
	// SessionExpiresIn is until the absolute end, in whole seconds.
	SessionExpiresIn int64
	Session          Session
	Outcome          Outcome
	// SinceRotation is the time from the rotation of the refresh token to a retry.
	SinceRotation time.Duration
	// Hook is what the claims hook said, and HookFailure how it failed.
	Hook        HookSaid
	HookFailure error
}

// Retry reports whether the refresh token was rotated by an earlier request.
func (g Grant) Retry() bool { return g.Outcome == Retried || g.Outcome == RetriedElsewhere }

// Outcome is what became of a request, for logs and metrics.
type Outcome string

// The outcomes of a grant.
const (
	Issued   Outcome = "issued"
	Rotated  Outcome = "rotated"  // the token was current
	Retried  Outcome = "retry"    // an earlier attempt had rotated it; the answer is the same
	Extended Outcome = "extended" // a reusable token
	// RolledForward: the token was newer than the item, as after a restore of the table.
	RolledForward Outcome = "rolled forward"
	// RetriedElsewhere is a retry from another address and another user agent than the rotation's.
	RetriedElsewhere Outcome = "retry elsewhere"
)

// The outcomes of a refusal, one for each sentinel under ErrRefused and for a bad proof.
const (
	Malformed       Outcome = "malformed"
	Forged          Outcome = "forged"
	Unknown         Outcome = "unknown"
	ApplicationGone Outcome = "application gone"
	Expired         Outcome = "expired"
	Reused          Outcome = "reuse"
	WrongRoot       Outcome = "wrong root"
	DroppedKey      Outcome = "dropped key"
	Denied          Outcome = "denied" // by the claims hook
	Unbound         Outcome = "unbound"
	BadProof        Outcome = "bad proof"
	NonceWanted     Outcome = "nonce wanted"
)

// signedWith are the keys of the two tokens of a grant.
type signedWith struct {
	token    keys.TokenKey
	access   keys.SigningKey
	narrowed bool // the access token, to less than the session's scope or audience
}

// grant makes the answer for a session whose current refresh token is t. Its times are those of now, for a retry too, so
// that no answer holds an access token that is over. Errors: ErrExpired.
func (m Minter) grant(session Session, t token.Refresh, with signedWith, outcome Outcome) (Grant, error) {
	now := m.clock.now()
	if session.Expired(now) {
		return Grant{}, ErrExpired // while the request waited
	}
	expires := now.Add(session.Policy.Access)
	if session.AbsoluteExpiresAt.Before(expires) {
		expires = session.AbsoluteExpiresAt
	}
	jti := session.AccessTokenID.String()
	if with.narrowed {
		jti = token.NarrowedID(session.AccessTokenID, session.Scope, session.Audience)
	}
	var bound *token.Confirmation
	if !session.JKT.IsZero() {
		bound = &token.Confirmation{JKT: session.JKT.String()}
		if t.DPoP == token.DPoPAllowed {
			t.DPoP = token.DPoPBound
		}
	}
	access := token.Access{
		Issuer:         m.issuer.Of(session.Tenant),
		User:           session.User,
		Application:    session.Application,
		Tenant:         session.Tenant,
		Session:        session.ID.String(),
		ID:             jti,
		Audience:       session.Audience,
		SessionVersion: session.SessionVersion,
		IssuedAt:       now.Unix(),
		NotBefore:      now.Unix(),
		Expires:        expires.Unix(),
		Scope:          session.Scope,
		Narrowed:       with.narrowed,
		Confirmation:   bound,
		Custom:         token.MergeClaims(session.Claims, session.HookClaims),
	}
	signed, err1 := access.Sign(with.access)
	refresh, err2 := t.Encode(with.token)
	if err := errors.Join(err1, err2); err != nil {
		return Grant{}, fmt.Errorf("grant: %w", err)
	}
	return Grant{
		Access: signed, TokenType: access.Type(), ExpiresIn: expires.Unix() - now.Unix(),
		Refresh: refresh, RefreshExpiresIn: int64(session.ExpiresAt().Sub(now) / time.Second),
		Session: session, Outcome: outcome,
		SessionExpiresIn: int64(session.AbsoluteExpiresAt.Sub(now) / time.Second),
	}, nil
}
