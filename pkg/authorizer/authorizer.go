package authorizer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Sentinels.
var (
	// ErrUnauthenticated: credential or tenant header missing, malformed, expired, revoked or forged. The narrower ones
	// are for logs and metrics only and must read the same to the caller.
	ErrUnauthenticated = error(kindError{KindUnauthenticated, "unauthenticated"})
	// ErrMissing: no Bearer credential, or no tenant.
	ErrMissing = fmt.Errorf("%w: missing", ErrUnauthenticated)
	// ErrForged: malformed, or with a wrong signature or secret.
	ErrForged = fmt.Errorf("%w: forged", ErrUnauthenticated)
	// ErrUnknown: an API key that was deleted, or never existed.
	ErrUnknown = fmt.Errorf("%w: unknown", ErrUnauthenticated)
	// ErrExpired: the credential was good once.
	ErrExpired = fmt.Errorf("%w: expired", ErrUnauthenticated)
	// ErrRevoked: a genuine access token whose session is over, or that a newer one has replaced.
	ErrRevoked = fmt.Errorf("%w: revoked", ErrUnauthenticated)
	// ErrOtherAudience: a good access token that is for other APIs.
	ErrOtherAudience = fmt.Errorf("%w: other audience", ErrUnauthenticated)
	// ErrUnbound: an access token that is bound to a key, without a proof by it, or in the scheme of the other kind.
	ErrUnbound = fmt.Errorf("%w: unbound", ErrUnauthenticated)
	// ErrAmbiguous: a header came twice, or the two spellings of the tenant header differ.
	ErrAmbiguous = fmt.Errorf("%w: ambiguous headers", ErrUnauthenticated)
	// ErrOtherTenant: a good credential, and a tenant header that names another tenant.
	ErrOtherTenant = error(kindError{session.KindOtherTenant, "credential of another tenant"})
)

// KindUnauthenticated is the kind of ErrUnauthenticated and of all that wrap it.
const KindUnauthenticated session.Kind = "unauthenticated"

// kindError is an error that states its kind.
type kindError struct {
	kind session.Kind
	text string
}

func (e kindError) Error() string { return e.text }

// Kind is what session.KindOf asks for.
func (e kindError) Kind() session.Kind { return e.kind }

// Sessions is where an access token's session is read, with its application: one request.
type Sessions interface {
	Load(ctx context.Context, key session.Key) (session.Session, session.Application, error)
}

// Store is what the authorizer reads: one request for either kind of credential.
type Store interface {
	Sessions
	APIKey(ctx context.Context, id string) (session.APIKey, error)
}

// Authorizer checks credentials.
type Authorizer struct {
	Store    Store
	Verifier token.Verifier
	Now      func() time.Time
	// PublicURLs are those of the service that proofs of possession name.
	PublicURLs []dpop.Base
}

// Authenticate says who calls. The credential is judged before the tenant header. Errors: ErrUnauthenticated
// (ErrAmbiguous among them), ErrOtherTenant, session.ErrUnavailable, keys.ErrUnavailable.
func (a *Authorizer) Authenticate(ctx context.Context, h Headers) (Principal, error) {
	p, err := a.credential(ctx, h)
	if err == nil {
		err = p.fits(h)
	}
	if err != nil {
		return Principal{}, err
	}
	return p, nil
}

// AuthenticateAnyTenant is Authenticate where the tenant header is optional: without one the credential's tenant counts.
func (a *Authorizer) AuthenticateAnyTenant(ctx context.Context, h Headers) (Principal, error) {
	if h.NameTenant() {
		return a.Authenticate(ctx, h)
	}
	return a.credential(ctx, h)
}

// credential says whose the credential is, whatever the tenant header says.
func (a *Authorizer) credential(ctx context.Context, h Headers) (Principal, error) {
	authorization, err := h.Authorization()
	if err != nil {
		return Principal{}, err
	}
	credential, ok := Credential(authorization, "Bearer", "DPoP")
	if !ok {
		return Principal{}, ErrMissing
	}
	_, isBearer := Bearer(authorization)
	if isBearer && token.IsAPIKey(credential) {
		return a.apiKey(ctx, credential)
	}
	return a.accessToken(ctx, credential, isBearer, h.Proof(a.PublicURLs))
}

// Proven reports whether an access token that is bound to a key came with a proof by it (RFC 9449 section 7.1), and any
// other one as Bearer. Nothing remembers proofs: for a minute one may come again.
func Proven(access token.Access, text string, isBearer bool, p dpop.Presented, now time.Time) bool {
	if access.Confirmation == nil || isBearer {
		return access.Confirmation == nil && isBearer
	}
	return p.Proves(text, access.Confirmation.JKT, now)
}

// fits compares the tenant with that of the headers. Errors: ErrUnauthenticated, ErrOtherTenant.
func (p Principal) fits(h Headers) error {
	tenant, err := h.Tenant()
	switch {
	case err != nil:
		return err
	case tenant == p.Tenant:
		return nil
	case session.CheckID(tenant) != nil:
		return ErrMissing
	default:
		return ErrOtherTenant
	}
}

func (a *Authorizer) apiKey(ctx context.Context, credential string) (Principal, error) {
	presented, ok := token.ParseAPIKey(credential)
	if !ok {
		return Principal{}, ErrForged
	}
	key, err := a.Store.APIKey(ctx, presented.ID)
	switch {
	case errors.Is(err, session.ErrNoAPIKey):
		return Principal{}, ErrUnknown
	case err != nil:
		return Principal{}, fmt.Errorf("read API key: %w", err)
	case !key.SecretHash.Equal(presented.Secret.Hash()):
		return Principal{}, ErrForged
	case !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(a.Now()):
		return Principal{}, ErrExpired
	}
	return Principal{Tenant: key.Tenant, KeyID: key.ID, Permissions: key.Permissions}, nil
}

func (a *Authorizer) accessToken(ctx context.Context, credential string, isBearer bool, proof dpop.Presented,
) (Principal, error) {
	r := reading{a.Store, a.Verifier, a.Now()}
	access, err := r.current(ctx, credential, func(access token.Access) error {
		if !Proven(access, credential, isBearer, proof, r.now) {
			return ErrUnbound
		}
		return nil
	})
	if err != nil {
		return Principal{}, err
	}
	return Principal{
		Tenant: access.Tenant, User: access.User, Application: access.Application, Session: access.Session, Narrowed: access.Narrowed,
	}, nil
}

// reading is how access tokens are judged at one time.
type reading struct {
	sessions Sessions
	verifier token.Verifier
	now      time.Time
}

// current accepts an access token whose session lives and which is that session's current one (law 6). May judges it
// before the session is read.
func (r reading) current(ctx context.Context, text string, may func(token.Access) error) (token.Access, error) {
	access, err := r.verifier.Verify(ctx, text)
	switch {
	case errors.Is(err, keys.ErrUnavailable):
		return token.Access{}, err
	case errors.Is(err, token.ErrExpiredAccess):
		return token.Access{}, ErrExpired
	}
	key, ok := session.KeyOfAccess(access)
	if err != nil || !ok {
		return token.Access{}, ErrForged
	}
	if err := may(access); err != nil {
		return token.Access{}, err
	}
	s, app, err := r.sessions.Load(ctx, key)
	switch {
	case errors.Is(err, session.ErrNotFound):
		return token.Access{}, ErrRevoked
	case err != nil:
		return token.Access{}, fmt.Errorf("load session: %w", err)
	case !s.LiveUnder(app, r.now) || !s.Under(app).Accepts(access, r.now):
		return token.Access{}, ErrRevoked
	}
	return access, nil
}
