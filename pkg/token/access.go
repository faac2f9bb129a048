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

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const (
	accessType = "at+jwt" // RFC 9068 section 2.1
	// maxAccessLength bounds what we parse: 2 KB of custom claims, the registered ones and a signature fit well.
	maxAccessLength = 8 << 10
)

// Skew is how far apart the clocks of a signer and a verifier may be.
const Skew = 60 * time.Second

// ErrBadAccess says that a string is no access token of ours, or no longer one.
var ErrBadAccess = errors.New("not a valid access token")

// ErrExpiredAccess says that a token of ours is past its exp.
var ErrExpiredAccess = fmt.Errorf("%w: expired", ErrBadAccess)

// Access is the payload of an access token. Times are whole seconds.
type Access struct {
	Issuer      string `json:"iss"`
	User        string `json:"sub"`
	Audience    string `json:"aud"`
	Application string `json:"client_id"`
	Tenant      string `json:"tid"`
	Session     string `json:"sid"`
	ID          string `json:"jti"`
	Generation  uint32 `json:"gen"`
	IssuedAt    int64  `json:"iat"`
	NotBefore   int64  `json:"nbf"`
	Expires     int64  `json:"exp"`
	Scope       string `json:"scope,omitempty"`

	// Custom is a JSON object of further claims, none of them a ReservedClaim; empty for none.
	Custom json.RawMessage `json:"-"`
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
	return jwt.ClaimStrings{a.Audience}, nil
}

func numericDate(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}

// Sign writes an access token. It sets the audience to the application.
func (a Access) Sign(key keys.SigningKey) (Text, error) {
	a.Audience = a.Application
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
	Issuer string
	Keys   *keys.Ring[keys.PublicSet]
	Now    func() time.Time
	// Leeway is how long past its exp a token is still accepted, for a signer whose clock is behind ours: Skew
	// where they run on two machines, zero where they share a clock. A signer that is ahead by Skew is always
	// borne: to refuse its iat would refuse a token that it has just made.
	Leeway time.Duration
}

// Verify accepts a token that is ours and valid now. Errors: ErrBadAccess (ErrExpiredAccess among them),
// keys.ErrUnavailable.
func (v Verifier) Verify(ctx context.Context, text string) (Access, error) {
	a, err := v.VerifyEvenExpired(ctx, text)
	if err == nil && v.Now().Add(-v.Leeway).Unix() >= a.Expires {
		return Access{}, ErrExpiredAccess
	}
	return a, err
}

// VerifyEvenExpired accepts a token that is ours and may be past its exp, as one that accompanies a refresh.
// Errors: ErrBadAccess, keys.ErrUnavailable.
func (v Verifier) VerifyEvenExpired(ctx context.Context, text string) (Access, error) {
	var a Access
	if len(text) > maxAccessLength || strings.ContainsAny(text, "\r\n") {
		return a, ErrBadAccess
	}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256", "EdDSA", "RS256"}),
		jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, &a, func(t *jwt.Token) (any, error) { return v.key(ctx, t) })
	if errors.Is(err, keys.ErrUnavailable) {
		return Access{}, err
	}
	if err == nil {
		err = v.validate(a)
	}
	if err != nil {
		return Access{}, fmt.Errorf("%w: %s", ErrBadAccess, reason(err))
	}
	return a, nil
}

// key pins the algorithm to the key that kid names (RFC 8725 section 3.1) and refuses header members that
// would change how the token has to be read.
func (v Verifier) key(ctx context.Context, t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	typ, _ := t.Header["typ"].(string)
	_, crit := t.Header["crit"]
	_, b64 := t.Header["b64"]
	if kid == "" || typ != accessType || crit || b64 || doubledMember(t) {
		return nil, errors.New("unacceptable header")
	}
	key, found, err := keys.FindPublicKey(ctx, v.Keys, kid)
	if err != nil {
		return nil, err
	}
	if !found || t.Method.Alg() != key.Alg {
		return nil, errors.New("unknown key, or another algorithm than the key's")
	}
	return key.Key, nil
}

// doubledMember says whether the header names a member twice (RFC 7515 section 4): each reader picks its own.
func doubledMember(t *jwt.Token) bool {
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
	case a.Issuer == "" || a.Issuer != v.Issuer:
		return errors.New("another issuer")
	case slices.Contains(required, "") || a.Expires <= 0 || a.IssuedAt <= 0:
		return errors.New("a required claim is missing")
	case a.Audience != a.Application:
		return errors.New("another audience")
	case a.IssuedAt > latest || a.NotBefore > latest:
		return errors.New("not valid yet")
	}
	return nil
}

// reason keeps the library's word and drops what it may quote of the token.
func reason(err error) string {
	for _, known := range []error{jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}
