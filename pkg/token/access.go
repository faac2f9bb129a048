package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const (
	accessType = "at+jwt" // RFC 9068 section 2.1
	// maxAccessLength bounds what is parsed, in bytes: 2 KB of custom claims, the registered ones and a signature fit.
	maxAccessLength = 8 << 10
)

// Skew is the largest difference between the clocks of a signer and a verifier.
const Skew = 60 * time.Second

// ErrBadAccess is the error of a string that is not a valid access token of this service.
var ErrBadAccess = errors.New("not a valid access token")

// ErrForeignAccess is the error of an access token whose key is unknown or that names an issuer of no tenant of this
// deployment. Nothing of it is verified.
var ErrForeignAccess = fmt.Errorf("%w: its key or its issuer is unknown", ErrBadAccess)

// ErrExpiredAccess is the error of an access token of this service after its exp.
var ErrExpiredAccess = fmt.Errorf("%w: expired", ErrBadAccess)

// Access is the payload of an access token. Times are whole seconds.
type Access struct {
	Issuer      string   `json:"iss"`
	User        string   `json:"sub"`
	Audience    Audience `json:"aud"`
	Application string   `json:"client_id"`
	Tenant      string   `json:"tid"`
	Session     string   `json:"sid"`
	ID          string   `json:"jti"`
	// SessionVersion is the session's when the token was signed (law 6).
	SessionVersion uint32 `json:"sv"`
	IssuedAt       int64  `json:"iat"`
	NotBefore      int64  `json:"nbf"`
	Expires        int64  `json:"exp"`
	Scope          string `json:"scope,omitempty"`
	// Narrowed says that scope or audience are smaller than the session's: the token is for somebody else (law 6).
	Narrowed bool `json:"narrowed,omitempty"`
	// Confirmation names the key that the token is bound to, if there is one.
	Confirmation *Confirmation `json:"cnf,omitempty"`

	// Custom is a JSON object of further claims, without a ReservedClaim; it may be empty.
	Custom json.RawMessage `json:"-"`
}

// Confirmation is the claim cnf (RFC 7800, RFC 9449 section 6.1).
type Confirmation struct {
	JKT string `json:"jkt"` // the thumbprint of the key
}

// Type is the scheme that the token is presented with: Bearer, or DPoP where it is bound to a key.
func (a Access) Type() string {
	if a.Confirmation == nil {
		return "Bearer"
	}
	return "DPoP"
}

// The getters make Access a claims set that golang-jwt can validate.

// GetExpirationTime is the exp claim.
func (a Access) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(a.Expires), nil }

// GetIssuedAt is the iat claim.
func (a Access) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(a.IssuedAt), nil }

// GetNotBefore is the nbf claim.
func (a Access) GetNotBefore() (*jwt.NumericDate, error) { return numericDate(a.NotBefore), nil }

// GetIssuer is the iss claim.
func (a Access) GetIssuer() (string, error) { return a.Issuer, nil }

// GetSubject is the sub claim.
func (a Access) GetSubject() (string, error) { return a.User, nil }

// GetAudience is the aud claim.
func (a Access) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings(a.Audience), nil
}

func numericDate(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}

// Sign writes an access token. Without an audience it is for the application alone.
func (a Access) Sign(key keys.SigningKey) (Text, error) {
	if len(a.Audience) == 0 {
		a.Audience = Audience{a.Application}
	}
	t := jwt.NewWithClaims(jwt.GetSigningMethod(key.Alg), a)
	t.Header["typ"] = accessType
	t.Header["kid"] = key.ID
	signed, err := t.SignedString(key.Signer)
	if err != nil {
		return Text{}, fmt.Errorf("sign access token: %w", err)
	}
	return Text{signed}, nil
}

// Verifier checks access tokens (RFC 9068 section 4, RFC 8725).
type Verifier struct {
	Issuer issuer.Service // accepts a token by the issuer of the tenant that it names (law 6)
	Keys   *keys.Ring[keys.PublicSet]
	Now    func() time.Time
	// Leeway is how long after its exp a token is accepted, for a signer whose clock is behind: Skew where signer and
	// verifier run on two machines, zero where they share a clock. An iat and nbf up to Skew ahead is always accepted.
	Leeway time.Duration
}

// Verify accepts an access token of this service that is valid now. Errors: ErrBadAccess, ErrExpiredAccess,
// keys.ErrUnavailable.
func (v Verifier) Verify(ctx context.Context, text string) (Access, error) {
	a, err := v.VerifyEvenExpired(ctx, text)
	if err == nil && v.Now().Add(-v.Leeway).Unix() >= a.Expires {
		return Access{}, ErrExpiredAccess
	}
	return a, err
}

// VerifyEvenExpired is Verify without exp. Errors: ErrBadAccess, keys.ErrUnavailable.
func (v Verifier) VerifyEvenExpired(ctx context.Context, text string) (Access, error) {
	return v.verify(ctx, text, v.published)
}

// Companion verifies access tokens beside a refresh, where the refresh token is the credential (law 6): they may have
// expired, and their key may be past.
type Companion struct {
	Verifier Verifier
	Past     *keys.Ring[keys.SigningSet]
}

// Verify accepts an access token of this service. Errors: ErrBadAccess, of which ErrForeignAccess is one;
// keys.ErrUnavailable.
func (c Companion) Verify(ctx context.Context, text string) (Access, error) {
	return c.Verifier.verify(ctx, text, func(ctx context.Context, kid string) (keys.PublicKey, error) {
		key, err := c.Verifier.published(ctx, kid)
		if errors.Is(err, keys.ErrNoKey) {
			return keys.FindPastKey(ctx, c.Past, kid)
		}
		return key, err
	})
}

// keyByID finds a key, or fails with keys.ErrNoKey.
type keyByID func(ctx context.Context, kid string) (keys.PublicKey, error)

func (v Verifier) published(ctx context.Context, kid string) (keys.PublicKey, error) {
	return keys.FindPublicKey(ctx, v.Keys, kid)
}

func (v Verifier) verify(ctx context.Context, text string, find keyByID) (Access, error) {
	var a Access
	if len(text) > maxAccessLength || strings.ContainsAny(text, "\r\n") {
		return a, ErrBadAccess
	}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256", "EdDSA", "RS256"}),
		jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, &a, func(t *jwt.Token) (any, error) { return keyOf(ctx, t, find) })
	if errors.Is(err, keys.ErrUnavailable) {
		return Access{}, err
	}
	if err == nil {
		err = v.validate(a)
	}
	switch {
	case err == nil:
		return a, nil
	case errors.Is(err, keys.ErrNoKey), v.foreign(text):
		return Access{}, ErrForeignAccess
	default:
		return Access{}, fmt.Errorf("%w: %s", ErrBadAccess, reason(err))
	}
}

// foreign reports whether a JWT, verified or not, names an issuer that is no tenant of this deployment.
func (v Verifier) foreign(text string) bool {
	part := strings.Split(text, ".")
	if len(part) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	var claims struct {
		Issuer string `json:"iss"`
	}
	return err == nil && json.Unmarshal(payload, &claims) == nil && claims.Issuer != "" && !v.Issuer.Has(claims.Issuer)
}

// keyOf pins the algorithm to the key that kid names (RFC 8725 section 3.1). It refuses the header members crit and b64,
// which change how a token is read.
func keyOf(ctx context.Context, t *jwt.Token, find keyByID) (any, error) {
	kid, _ := t.Header["kid"].(string)
	typ, _ := t.Header["typ"].(string)
	_, crit := t.Header["crit"]
	_, b64 := t.Header["b64"]
	if kid == "" || typ != accessType || crit || b64 || duplicateMember(t) {
		return nil, errors.New("unacceptable header")
	}
	key, err := find(ctx, kid)
	if err != nil {
		return nil, err
	}
	if t.Method.Alg() != key.Alg {
		return nil, errors.New("another algorithm than the key's")
	}
	return key.Key, nil
}

// duplicateMember reports whether a name occurs twice in the header (RFC 7515 section 4): readers differ in which they
// take.
func duplicateMember(t *jwt.Token) bool {
	encoded, _, _ := strings.Cut(t.Raw, ".")
	header, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		_, err = memberNames(header)
	}
	return err != nil
}

func (v Verifier) validate(a Access) error {
	latest := v.Now().Add(Skew).Unix()
	required := []string{a.User, a.Application, a.Tenant, a.Session, a.ID}
	switch {
	case v.Issuer == "" || a.Issuer != v.Issuer.Of(a.Tenant):
		return errors.New("another issuer")
	case slices.Contains(required, "") || a.Expires <= 0 || a.IssuedAt <= 0:
		return errors.New("a required claim is missing")
	case len(a.Audience) == 0 || !a.Narrowed && !slices.Contains(a.Audience, a.Application):
		return errors.New("another audience")
	case a.IssuedAt > latest || a.NotBefore > latest:
		return errors.New("not valid yet")
	}
	return nil
}

// reason is the error of the library without what it may quote of the token.
func reason(err error) string {
	for _, known := range []error{jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}
