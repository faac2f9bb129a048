package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ErrInvalid is the error of a request without an access token that is good for this API: answer 401 (RFC 6750 section
// 3.1). ErrExpired, ErrRevoked and ErrUnbound are ErrInvalid too; callers need not know which it was.
var ErrInvalid = errors.New("not a valid access token for this API")

var (
	// ErrExpired is the error of an access token that was good once.
	ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)
	// ErrRevoked is the error of an access token that the Denylist refuses.
	ErrRevoked = fmt.Errorf("%w: revoked", ErrInvalid)
	// ErrUnbound is the error of an access token that is bound to a key, and came without a proof by it.
	ErrUnbound = fmt.Errorf("%w: no proof of possession", ErrInvalid)
)

// ErrUnavailable is the error of a key set that cannot be fetched: answer 503.
var ErrUnavailable = errors.New("the keys of access tokens are unavailable")

// Config says which access tokens are good. Issuer, Audience, and one of Tenants and AnyTenant are required.
type Config struct {
	// Issuer is the parameter Issuer of the deployment: an https URL, or an http one of this host, as on a laptop.
	Issuer string
	// Tenants are those whose users may call.
	Tenants []string
	// AnyTenant admits the users of all tenants. The API must keep their data apart by Claims.TenantID.
	AnyTenant bool
	// Audience is the API's own: one of the audiences of an application, or the id of an application.
	Audience string

	// Denylist refuses tokens of ended sessions; without one they are good until they expire.
	Denylist *Denylist
	// PublicURLs are those of the API. With them Request takes tokens that are bound to a key; without, all such tokens
	// are refused.
	PublicURLs []string

	// Leeway is how long after its exp a token is good, for clocks that differ: at most a minute. An iat and nbf up to a
	// minute ahead are always good.
	Leeway time.Duration
	// JWKS is the service's key set, for a process that cannot fetch it: key rotations must reach it in another way.
	JWKS []byte
	// Client fetches the key set, within 5 s; nil for one of net/http. Redirects are not followed.
	Client *http.Client
	// OnStale, if set, gets the error for which the last key set stays in use after its five minutes.
	OnStale func(error)
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// Verifier verifies access tokens offline. It is safe for use by several goroutines.
type Verifier struct {
	config Config
	tokens token.Verifier
	bases  []dpop.Base
}

// New checks the configuration. The keys are fetched with the first token.
func New(c Config) (*Verifier, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &Verifier{config: c, tokens: token.Verifier{Issuer: issuer.Service(c.Issuer), Now: c.Now, Leeway: c.Leeway}}
	var wrong []error
	refuse := func(field, reason string, values ...any) {
		wrong = append(wrong, fmt.Errorf("%s: "+reason, append([]any{field}, values...)...))
	}
	if !secure(c.Issuer) || strings.HasSuffix(c.Issuer, "/") {
		refuse("Issuer", "%q is no https URL without a slash at its end", c.Issuer)
	}
	if c.Audience == "" {
		refuse("Audience", "it is empty")
	}
	if c.Leeway < 0 || c.Leeway > token.Skew {
		refuse("Leeway", "%s is not between 0 and %s", c.Leeway, token.Skew)
	}
	if c.AnyTenant == (len(c.Tenants) > 0) {
		refuse("Tenants", "name some, or set AnyTenant")
	}
	for _, tenant := range c.Tenants {
		if !issuer.Tenant(tenant) {
			refuse("Tenants", "%q cannot be the id of a tenant", tenant)
		}
	}
	for _, one := range c.PublicURLs {
		base, err := dpop.ParseBase(one)
		if err != nil {
			refuse("PublicURLs", "%q: %w", one, err)
		}
		v.bases = append(v.bases, base)
	}
	var err error
	if v.tokens.Keys, err = c.ring(); err != nil {
		refuse("JWKS", "%w", err)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("configure pkg/verify: %w", errors.Join(wrong...))
	}
	return v, nil
}

// Verify accepts an access token that was presented as Bearer. A token that is bound to a key is refused. Errors:
// ErrInvalid, ErrUnavailable.
func (v *Verifier) Verify(ctx context.Context, accessToken string) (Claims, error) {
	return v.verify(ctx, accessToken, func(a token.Access) bool { return a.Confirmation == nil })
}

// Request accepts the access token in the one Authorization header of a request: as Bearer, or as DPoP with a proof by the
// key that it is bound to. The proof names the method and the path of the request below one of PublicURLs. Nothing
// remembers proofs: for a minute one may come again. Errors: ErrInvalid, ErrUnavailable.
func (v *Verifier) Request(r *http.Request) (Claims, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return Claims{}, fmt.Errorf("%w: the request must have one Authorization header", ErrInvalid)
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return v.Verify(r.Context(), text)
	case strings.EqualFold(scheme, "DPoP"):
		proof := dpop.Presented{Proofs: r.Header.Values("DPoP"), Method: r.Method, Path: r.URL.EscapedPath(), Bases: v.bases}
		return v.verify(r.Context(), text, func(a token.Access) bool {
			return a.Confirmation != nil && proof.Proves(text, a.Confirmation.JKT, v.config.Now())
		})
	}
	return Claims{}, fmt.Errorf("%w: the scheme must be Bearer or DPoP", ErrInvalid)
}

// verify judges a token. Bound reports whether it was presented as its kind wants.
func (v *Verifier) verify(ctx context.Context, text string, bound func(token.Access) bool) (Claims, error) {
	// A client that hangs up must not end the fetch for which others wait, nor cause the next one at once.
	a, err := v.tokens.Verify(context.WithoutCancel(ctx), text)
	switch {
	case errors.Is(err, keys.ErrUnavailable):
		return Claims{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.Is(err, token.ErrExpiredAccess):
		return Claims{}, ErrExpired
	case err != nil:
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	case !v.config.AnyTenant && !slices.Contains(v.config.Tenants, a.Tenant):
		return Claims{}, fmt.Errorf("%w: of another tenant", ErrInvalid)
	case !slices.Contains(a.Audience, v.config.Audience):
		return Claims{}, fmt.Errorf("%w: for another audience", ErrInvalid)
	case !bound(a):
		return Claims{}, ErrUnbound
	}
	claims := claimsOf(a, text)
	if v.config.Denylist != nil {
		if err := v.config.Denylist.check(claims, v.config.Now()); err != nil {
			return Claims{}, err
		}
	}
	return claims, nil
}

// Claims are what a verified access token says. Times are whole seconds, UTC.
type Claims struct {
	TenantID      string
	UserID        string // sub
	ApplicationID string // client_id
	SessionID     string // sid; it never changes while the session lives
	TokenID       string // jti
	Audience      []string
	Scope         string // granted scopes, separated by spaces; "" for none
	// Narrowed says that scope or audience are smaller than the session's: the user's client gave the token to another one.
	Narrowed  bool
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Key is the thumbprint of the key that the token is bound to (cnf.jkt); "" for none.
	Key string
	// Custom are the session's own claims, an object of JSON; nil for none.
	Custom json.RawMessage
}

func claimsOf(a token.Access, text string) Claims {
	c := Claims{
		TenantID: a.Tenant, UserID: a.User, ApplicationID: a.Application, SessionID: a.Session, TokenID: a.ID,
		Audience: a.Audience, Scope: a.Scope, Narrowed: a.Narrowed,
		IssuedAt: time.Unix(a.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(a.Expires, 0).UTC(), Custom: token.CustomClaims(text),
	}
	if a.Confirmation != nil {
		c.Key = a.Confirmation.JKT
	}
	return c
}

// HasScope reports whether a scope was granted.
func (c Claims) HasScope(scope string) bool { return slices.Contains(strings.Fields(c.Scope), scope) }
