package dpop

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const (
	proofType = "dpop+jwt"
	// maxLength bounds what is parsed, in characters. A proof by an RSA key of 4 096 bits has some 1 800.
	maxLength = 4 << 10
	// recent is the largest difference between the iat of a proof and the clock of this service.
	recent = 60 * time.Second
)

// ErrInvalid is the error of a proof that is itself bad, whatever it is for. An InvalidError says why.
var ErrInvalid = errors.New("the DPoP proof is not valid")

// InvalidError is ErrInvalid with the check that failed, for the caller to read.
type InvalidError struct{ Reason string }

func (e InvalidError) Error() string { return ErrInvalid.Error() + ": " + e.Reason }

// Unwrap is ErrInvalid.
func (e InvalidError) Unwrap() error { return ErrInvalid }

// Presented is what a request proves: the values of its DPoP header fields, unread, and what they must be for.
type Presented struct {
	Proofs []string
	Method string
	Path   string // of the request below a base, percent-encoded or decoded, as API Gateway hands it on
	Bases  []Base // the public URLs of the service
}

// Absent reports whether the request has no DPoP header.
func (p Presented) Absent() bool { return len(p.Proofs) == 0 }

// Proof is a verified proof, but for its time. It is for the method and the URL of its request.
type Proof struct {
	Key Thumbprint // of the key that made it

	issued      float64 // iat, unix seconds
	nonce       string
	accessToken string // ath
}

// Verify reads the one proof of a request (RFC 9449 section 4.3, checks 1 to 9). Errors: ErrInvalid.
func (p Presented) Verify() (Proof, error) {
	if len(p.Proofs) != 1 {
		return Proof{}, InvalidError{"the request must have one DPoP header."}
	}
	text := p.Proofs[0]
	if len(text) > maxLength || strings.ContainsAny(text, "\r\n") {
		return Proof{}, InvalidError{fmt.Sprintf("it may have %d characters.", maxLength)}
	}
	var proof Proof
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods(Algorithms()), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, claims, func(t *jwt.Token) (any, error) {
		key, err := keyOf(t)
		if err == nil {
			proof.Key, _ = ParseThumbprint(key.ID)
		}
		return key.Key, err
	})
	var own InvalidError
	switch {
	case errors.As(err, &own):
		return Proof{}, own
	case err != nil:
		return Proof{}, InvalidError{"it must be a JWT that the key in its header signs with " + strings.Join(Algorithms(), ", ") + "."}
	}
	return proof.with(claims, p)
}

// Algorithms are those of the proofs that are accepted.
func Algorithms() []string { return []string{"ES256", "EdDSA", "RS256"} }

// keyOf reads the header of a proof: the algorithm is the one of its public key (RFC 8725 section 3.1).
func keyOf(t *jwt.Token) (keys.PublicKey, error) {
	jwk, isObject := t.Header["jwk"].(map[string]any)
	_, crit := t.Header["crit"]
	switch {
	case t.Header["typ"] != proofType:
		return keys.PublicKey{}, InvalidError{"its typ must be dpop+jwt."}
	case crit:
		return keys.PublicKey{}, InvalidError{"its header may have no crit."}
	case !isObject:
		return keys.PublicKey{}, InvalidError{"its header must have the public key as jwk."}
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, found := jwk[private]; found {
			return keys.PublicKey{}, InvalidError{"its jwk has a private key: replace that key, others may know it now."}
		}
	}
	member := func(name string) string {
		value, _ := jwk[name].(string)
		return value
	}
	key, err := keys.JWK{
		KeyType: member("kty"), Curve: member("crv"), X: member("x"), Y: member("y"), N: member("n"), E: member("e"),
	}.Public()
	if err != nil || key.Alg != t.Method.Alg() {
		return key, InvalidError{"its jwk must be a key of its alg: EC P-256, OKP Ed25519, or RSA of at least 2048 bits."}
	}
	return key, nil
}

// with takes the claims of a proof whose signature fits.
func (p Proof) with(claims jwt.MapClaims, request Presented) (Proof, error) {
	text := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	var hasTime bool
	p.issued, hasTime = claims["iat"].(float64)
	p.nonce, p.accessToken = text("nonce"), text("ath")
	switch {
	case text("jti") == "":
		return p, InvalidError{"it has no jti."}
	case !hasTime:
		return p, InvalidError{"it has no iat."}
	case request.Method == "" || text("htm") != request.Method: // a WebSocket API's $connect tells no method
		return p, InvalidError{"its htm is not the method of this request."}
	case !slices.ContainsFunc(request.Bases, func(b Base) bool { return b.names(text("htu"), request.Path) }):
		return p, InvalidError{"its htu is not the public URL of this request."}
	}
	return p, nil
}

// Recent reports whether the proof was made within a minute of now.
func (p Proof) Recent(now time.Time) bool {
	return math.Abs(float64(now.UnixMilli())/1000-p.issued) <= recent.Seconds()
}

// For reports whether the proof is for an access token (claim ath, RFC 9449 section 4.2).
func (p Proof) For(accessToken string) bool {
	sum := sha256.Sum256([]byte(accessToken))
	return p.accessToken == base64.RawURLEncoding.EncodeToString(sum[:])
}

// Proves reports whether the request has a proof for an access token, made within a minute of now by the key with a
// thumbprint (RFC 9449 section 7.1). Nothing remembers proofs: for a minute one may come again.
func (p Presented) Proves(accessToken, thumbprint string, now time.Time) bool {
	proof, err := p.Verify()
	return err == nil && proof.Recent(now) && proof.For(accessToken) && proof.Key.String() == thumbprint
}
