package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RefreshRequest presents a refresh token.
type RefreshRequest struct {
	Token string
	// Tenant, when not empty, must be the token's.
	Tenant string
	// Access is the verified access token that came along, if one did; it may have expired.
	Access *token.Access
	// Application, when not empty, must be the token's.
	Application string
	// Scope, when not empty, narrows the new access token, not the session (RFC 6749 section 6).
	Scope string
}

// RefreshStore is what Refresher needs of Store.
type RefreshStore interface {
	LoadStore
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	Rotate(ctx context.Context, r Rotation) (s Session, applied bool, err error)
	EndReused(ctx context.Context, key Key) error
}

// Refresher exchanges refresh tokens.
type Refresher struct {
	store  RefreshStore
	minter Minter
}

// NewRefresher refreshes the sessions in a store.
func NewRefresher(store RefreshStore, minter Minter) Refresher { return Refresher{store, minter} }

// RefreshError is the error of a refresh whose token is genuine. It unwraps to the reason.
type RefreshError struct {
	Key Key // of the token's session, living or not
	Err error
}

func (r *RefreshError) Error() string { return r.Err.Error() }

// Unwrap is the reason.
func (r *RefreshError) Unwrap() error { return r.Err }

// Refresh exchanges a refresh token (law 4): one conditional write, in parallel with one read of the application.
// Whoever repeats it within the overlap gets the same successor. Errors: ErrRefused, whose narrower kinds read the
// same to the caller; ErrOtherTenant, ErrOtherApplication, ErrOtherSession, ErrAccessRequired, ErrScope;
// ErrUnavailable, keys.ErrUnavailable; those of a genuine token are a RefreshError. ErrReused has ended the session.
// ErrUnknown, ErrApplicationGone and the unavailable ones may come after the write was applied.
func (f Refresher) Refresh(ctx context.Context, req RefreshRequest) (Grant, error) {
	presented, own, err := NewIdentifier(f.minter.tokenKeys).identify(ctx, req.Token)
	if err != nil {
		return Grant{}, err
	}
	grant, err := f.exchange(ctx, presented, own, req)
	if err != nil {
		return Grant{}, &RefreshError{Key: keyOf(presented), Err: err}
	}
	return grant, nil
}

func (f Refresher) exchange(ctx context.Context, presented token.Refresh, own keys.TokenKey, req RefreshRequest,
) (Grant, error) {
	if req.Tenant != "" && req.Tenant != presented.Tenant {
		return Grant{}, ErrOtherTenant
	}
	if req.Application != "" && req.Application != presented.Application {
		return Grant{}, ErrOtherApplication
	}
	if req.Access != nil && !sameSession(*req.Access, presented) {
		return Grant{}, ErrOtherSession
	}
	if err := f.checkScope(ctx, presented, req.Scope); err != nil {
		return Grant{}, err
	}
	tokenKeys, err := f.minter.tokenKeys.Get(ctx)
	if err != nil {
		return Grant{}, err
	}
	// A key that cannot be had must refuse before anything rotates.
	signing, err := f.minter.signing.Get(ctx)
	if err != nil {
		return Grant{}, err
	}
	r, successor, err := f.minter.rotation(presented, own, tokenKeys.Active, req.Access != nil)
	if err != nil {
		return Grant{}, err
	}
	session, outcome, err := f.rotate(ctx, r)
	if err != nil {
		return Grant{}, err
	}
	// The item says which key the successor stands under: a retry may come after that key was superseded.
	successor.KeyID = session.TokenKeyID
	key, found, err := keys.FindTokenKey(ctx, f.minter.tokenKeys, successor.KeyID)
	if err == nil && !found {
		err = fmt.Errorf("%w: a stored token key id is unknown", keys.ErrUnavailable)
	}
	if err != nil {
		return Grant{}, err
	}
	if req.Scope != "" {
		session.Scope = req.Scope
	}
	return f.minter.grant(session, successor, key, signing.Active, outcome)
}

// checkScope refuses a scope that the session does not have, before anything rotates: one more read, for those
// who narrow. A session that cannot be read is left to the refresh itself, which knows why.
func (f Refresher) checkScope(ctx context.Context, presented token.Refresh, scope string) error {
	if scope == "" {
		return nil
	}
	session, err := live(ctx, f.store, keyOf(presented), f.minter.clock)
	if errors.Is(err, ErrNoSession) {
		return nil
	}
	if err != nil {
		return err
	}
	granted := strings.Fields(session.Scope)
	for _, one := range strings.Fields(scope) {
		if !slices.Contains(granted, one) {
			return ErrScope
		}
	}
	return nil
}

func sameSession(a token.Access, t token.Refresh) bool {
	return a.Tenant == t.Tenant && a.User == t.User && a.Application == t.Application && a.Session == t.Session.String()
}

// rotation describes the write that would refresh the presented token, and the token it leads to.
func (m Minter) rotation(presented token.Refresh, own, issuing keys.TokenKey, hasAccess bool,
) (Rotation, token.Refresh, error) {
	r := Rotation{
		Key: keyOf(presented), Presented: presented.Secret.Hash(), Reusable: presented.Reusable, HasAccess: hasAccess,
		Now: m.clock.now(),
	}
	var err error
	if r.RequestID, err = token.NewID(r.Now, m.random); err != nil {
		return r, presented, err
	}
	if presented.Reusable {
		r.Next, r.NextKeyID, r.Generation = r.Presented, presented.KeyID, presented.Generation
		r.AccessTokenID = r.RequestID
		return r, presented, nil
	}
	successor, accessID, err := presented.Successor(own, issuing)
	r.Next, r.NextKeyID, r.Generation = successor.Secret.Hash(), successor.KeyID, successor.Generation
	r.AccessTokenID = accessID
	return r, successor, err
}

// rotate writes, reads the application meanwhile, and judges.
func (f Refresher) rotate(ctx context.Context, r Rotation) (Session, Outcome, error) {
	var app Application
	var appErr error
	read := make(chan struct{})
	go func() {
		defer close(read)
		// A panic here would end the process, and with it the requests of everybody else.
		defer func() {
			if p := recover(); p != nil {
				appErr = fmt.Errorf("panic (%T)", p)
			}
		}()
		app, appErr = f.store.ApplicationOf(ctx, r.Key)
	}()
	session, applied, err := f.store.Rotate(ctx, r)
	<-read
	switch {
	case errors.Is(err, ErrNoSession):
		return session, "", ErrUnknown
	case err != nil:
		return session, "", fmt.Errorf("rotate session: %w", err)
	case errors.Is(appErr, ErrNoApplication):
		return session, "", ErrApplicationGone
	case appErr != nil:
		return session, "", fmt.Errorf("read application: %w", appErr)
	case session.Epoch != app.Epoch:
		return session, "", ErrUnknown // deleted with its application, even though the write went through
	case applied && r.Reusable:
		return session, Extended, nil
	case applied:
		return session, Rotated, nil
	}
	if err = judge(session, r); errors.Is(err, ErrReused) {
		ended := f.store.EndReused(ctx, r.Key)
		if ended != nil && !errors.Is(ended, ErrNoSession) {
			return session, "", fmt.Errorf("end a reused session: %w", ended)
		}
	}
	return session, Retried, err
}

// judge says why the session refused the rotation; nil means that it was not refused at all but repeated: the
// session is where the rotation would have taken it.
func judge(s Session, r Rotation) error {
	current := s.SecretHash.Equal(r.Presented)
	repeated := !r.Reusable && s.SecretHash.Equal(r.Next)
	ours := repeated && s.RotatedBy == r.RequestID
	switch {
	case s.Expired(r.Now):
		return ErrExpired
	case (current || repeated) && s.Policy.RequireAccessToken && !r.HasAccess:
		return ErrAccessRequired
	case ours, repeated && withinOverlap(s, r.Now):
		return nil
	case current:
		// Nothing refuses it any more: it was an own attempt on a reusable session, or a clock that ran back.
		return fmt.Errorf("%w: the session changed while it was judged", ErrUnavailable)
	default:
		return ErrReused
	}
}

func withinOverlap(s Session, now time.Time) bool { return now.Sub(s.RotatedAt) <= s.Policy.Overlap }
