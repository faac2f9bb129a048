package session

import (
	"context"
	"errors"
	"slices"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RefreshRequest presents a refresh token.
type RefreshRequest struct {
	Token string
	// Tenant must be the token's, unless it is empty.
	Tenant string
	// Access is the verified access token beside the refresh token, if there is one; it may have expired.
	Access *token.Access
	// Cookies are verified access tokens that came by cookie: each counts only if it is of the session.
	Cookies []token.Access
	// Application must be the token's, unless it is empty.
	Application string
	// Resources narrow the audience of the new access token (RFC 8707 section 2); empty for the application's.
	Resources []string
	// Scope narrows the new access token, not the session (RFC 6749 section 6); empty for the session's.
	Scope string
	// Supersede ends the earlier access tokens in the same write. A reusable session ignores it.
	Supersede bool
	// Proof is what the request proves of a key, unread: the refresh token says whether it counts.
	Proof dpop.Presented
	Seen  Seen // the caller

	foreign bool // the token is of another system
}

// RefreshStore is what Refresher needs of Store. Rotate may be repeated, and its reply may be lost; the reads are
// strongly consistent.
type RefreshStore interface {
	LoadStore
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	Rotate(ctx context.Context, r Rotation) (s Session, applied bool, err error)
	Delete(ctx context.Context, d Deletion) (Session, error)
	Recorder
}

// Refresher exchanges refresh tokens. Its copies share the record of the latest read.
type Refresher struct {
	store  RefreshStore
	minter Minter
	reads  *reads
	hook   Hook
	denied end

	accepted Accepted
}

// NewRefresher returns a Refresher of the sessions in a store. One serves a whole container.
func NewRefresher(store RefreshStore, minter Minter) Refresher {
	return Refresher{store: store, minter: minter, reads: &reads{}}
}

// WithHook asks the claims hook before each refresh. A denial ends the session in the store.
func (f Refresher) WithHook(hook Hook, store EndStore) Refresher {
	f.hook, f.denied = hook, end{store, f.minter.clock}
	return f
}

// Identifier verifies refresh tokens with the same keys.
func (f Refresher) Identifier() Identifier { return Identifier{f.minter.tokenKeys, f.accepted} }

// RefreshError is the error of a refresh whose token is genuine. It unwraps to the reason.
type RefreshError struct {
	Key        Key // of the token's session, live or not
	Generation uint32
	Hook       HookSaid
	Err        error
}

func (r *RefreshError) Error() string { return r.Err.Error() }

// Unwrap is the reason.
func (r *RefreshError) Unwrap() error { return r.Err }

// Refresh exchanges a refresh token (law 4): one conditional write, in parallel with one read of the application.
// Whoever repeats it within the overlap gets the same successor.
//
// Errors: ErrRefused, whose narrower kinds look the same to the caller; ErrOtherTenant, ErrOtherApplication,
// ErrOtherSession, ErrAccessRequired, ErrTarget, ErrScope; dpop.ErrInvalid, ErrNonce; ErrUnavailable,
// keys.ErrUnavailable. The error of a genuine token is a RefreshError. ErrReused has ended the session, and so has
// ErrDenied, of the claims hook. ErrUnknown, ErrApplicationGone and the unavailable ones may come after the write was
// applied.
func (f Refresher) Refresh(ctx context.Context, req RefreshRequest) (Grant, error) {
	presented, own, err := f.Identifier().identify(ctx, req.Token)
	if err != nil {
		return Grant{}, err
	}
	req.foreign = own == keys.TokenKey{}
	hook := hooked{Hook: f.hook}
	grant, err := f.exchange(ctx, presented, own, req, &hook)
	if err != nil {
		return Grant{}, &RefreshError{
			Key: keyOf(presented), Generation: presented.Generation, Hook: hook.said, Err: err,
		}
	}
	grant.Hook, grant.HookFailure = hook.said, hook.failure
	return grant, nil
}

// fits judges a request by the token itself, before any request to the store. A superseded token and a token of a
// deleted session are therefore refused alike.
func fits(req RefreshRequest, presented token.Refresh) error {
	switch {
	case req.Tenant != "" && req.Tenant != presented.Tenant:
		return ErrOtherTenant
	case req.Application != "" && req.Application != presented.Application:
		return ErrOtherApplication
	case req.Access != nil && !sameSession(*req.Access, presented):
		return ErrOtherSession
	case presented.NeedsAccess && !req.foreign && !accompanied(req, presented): // nobody has one of a foreign token
		return ErrAccessRequired
	}
	return nil
}

// accompanied reports whether an access token of the session came with the refresh token.
func accompanied(req RefreshRequest, presented token.Refresh) bool {
	return req.Access != nil ||
		slices.ContainsFunc(req.Cookies, func(a token.Access) bool { return sameSession(a, presented) })
}

// exchange refreshes a genuine token.
func (f Refresher) exchange(ctx context.Context, presented token.Refresh, own keys.TokenKey, req RefreshRequest,
	hook *hooked,
) (Grant, error) {
	if err := fits(req, presented); err != nil {
		return Grant{}, err
	}
	// Without keys the refresh fails before anything rotates.
	tokenKeys, signing, err := f.minter.keySets(ctx)
	if err != nil {
		return Grant{}, err
	}
	if req.foreign { // its successor follows from the key that it is issued under
		presented.KeyID, own = tokenKeys.Active.ID, tokenKeys.Active
	}
	r, successor, err := f.minter.rotation(presented, own, tokenKeys, req)
	if err != nil {
		return Grant{}, err
	}
	if err := f.checkNarrowing(ctx, r, req); err != nil {
		return Grant{}, err
	}
	if r.HookClaims, err = f.ask(ctx, hook, presented); err != nil {
		return Grant{}, err
	}
	attempt := attempt{
		Refresher: f, rotation: r, presented: presented, own: own, successor: successor, keys: tokenKeys, hook: hook,
		foreign: req.foreign,
	}
	current, session, outcome, err := attempt.rotate(ctx)
	if err != nil {
		return Grant{}, err
	}
	key, err := keys.FindTokenKey(ctx, f.minter.tokenKeys, current.KeyID)
	if errors.Is(err, keys.ErrNoKey) {
		return Grant{}, ErrDroppedKey
	}
	if err != nil {
		return Grant{}, err
	}
	with := signedWith{token: key, access: signing.Active}
	if session, with.narrowed, err = narrowed(session, req); err != nil { // a retry narrows by its own request
		return Grant{}, err
	}
	grant, err := f.minter.grant(session, current, with, outcome)
	if grant.Retry() {
		grant.SinceRotation = r.Now.Sub(session.Rotated[r.From%RotationTimes])
	}
	return grant, err
}

// checkNarrowing refuses a scope or a resource that the session does not have, before anything rotates. It costs a
// request that narrows one more read. It judges a current token alone; the refresh itself answers every other one.
func (f Refresher) checkNarrowing(ctx context.Context, r Rotation, req RefreshRequest) error {
	if req.Scope == "" && len(req.Resources) == 0 {
		return nil
	}
	session, err := live(ctx, f.store, r.Key, f.minter.clock)
	if errors.Is(err, ErrNoSession) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.Permits(session) {
		_, _, err = narrowed(session, req)
	}
	return err
}

func sameSession(a token.Access, t token.Refresh) bool {
	return a.Tenant == t.Tenant && a.User == t.User && a.Application == t.Application && a.Session == t.Session.String()
}

// rotation describes the write that would refresh the presented token, and the token it leads to. It judges the proof.
func (m Minter) rotation(presented token.Refresh, own keys.TokenKey, set *keys.TokenSet, req RefreshRequest,
) (Rotation, token.Refresh, error) {
	r := Rotation{
		Key: keyOf(presented), Presented: presented.Secret.Hash(), Root: presented.Secret.RootHash(presented.Session),
		From: presented.Generation, Reusable: presented.Reusable, Supersede: req.Supersede && !presented.Reusable,
		Seen: req.Seen, Now: m.clock.now(),
	}
	var err error
	if r.JKT, err = m.prove(presented, req.Proof, set); err != nil {
		return r, presented, err
	}
	if r.RequestID, err = token.NewID(r.Now, m.random); err != nil {
		return r, presented, err
	}
	if presented.Reusable {
		r.Next, r.NextKeyID, r.AccessTokenID = r.Presented, presented.KeyID, r.RequestID
		return r, presented, nil
	}
	successor, accessID, err := presented.Successor(own, set.Active)
	r.Next, r.NextKeyID, r.AccessTokenID = successor.Secret.Hash(), successor.KeyID, accessID
	return r, successor, err
}
