package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// Status is the state of a key: next, then active, then retired, then past.
type Status string

// The states of a key.
const (
	Next    Status = "next"
	Active  Status = "active"
	Retired Status = "retired"
	Past    Status = "past"
)

// JWK is one key of a secret document (RFC 7517, RFC 7518 section 6, RFC 8037), private members included.
type JWK struct {
	KeyType string `json:"kty"`
	ID      string `json:"kid"`
	Alg     string `json:"alg"`
	Use     string `json:"use,omitempty"`
	Status  Status `json:"status,omitempty"`

	// Created, Activated, Retired and Past are unix seconds; 0 before that time, or for a key that no rotation made.
	Created   int64 `json:"created,omitempty"`
	Activated int64 `json:"activated,omitempty"`
	Retired   int64 `json:"retired,omitempty"`
	Past      int64 `json:"past,omitempty"`

	Curve string `json:"crv,omitempty"`
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`
	N     string `json:"n,omitempty"`
	E     string `json:"e,omitempty"`
	D     string `json:"d,omitempty"`
	P     string `json:"p,omitempty"`
	Q     string `json:"q,omitempty"`
	K     string `json:"k,omitempty"`
}

// String keeps the private members out of logs and errors.
func (j JWK) String() string { return "jwk " + j.ID + " [redacted]" }

// Format prints String for every verb of fmt: %d and %#v do not call it.
func (j JWK) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, j.String()) }

// MarshalJSON writes the public members; only Document.Marshal writes the private ones.
func (j JWK) MarshalJSON() ([]byte, error) {
	type plain JWK
	return json.Marshal(plain(j.publicOnly()))
}

// publicOnly returns the key without its status, its times and its private members.
func (j JWK) publicOnly() JWK {
	return JWK{KeyType: j.KeyType, ID: j.ID, Alg: j.Alg, Use: j.Use, Curve: j.Curve, X: j.X, Y: j.Y, N: j.N, E: j.E}
}

// WithoutPrivate returns the key without its private members, as the public document holds it.
func (j JWK) WithoutPrivate() JWK {
	j.D, j.P, j.Q, j.K = "", "", "", ""
	return j
}

// thumbprint is the SHA-256 JWK thumbprint (RFC 7638 section 3), base64url without padding.
func (j JWK) thumbprint() string {
	var canonical string
	switch j.KeyType {
	case "EC":
		canonical = fmt.Sprintf(`{"crv":%q,"kty":"EC","x":%q,"y":%q}`, j.Curve, j.X, j.Y)
	case "OKP":
		canonical = fmt.Sprintf(`{"crv":%q,"kty":"OKP","x":%q}`, j.Curve, j.X)
	default:
		canonical = fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, j.E, j.N)
	}
	sum := sha256.Sum256([]byte(canonical))
	return encode(sum[:])
}

// public checks the public half and returns it with its one algorithm (RFC 8725 section 3.1): the algorithm follows from
// the key, never from the header of a token.
func (j JWK) public() (crypto.PublicKey, string, error) {
	switch {
	case j.KeyType == "EC" && j.Curve == "P-256":
		key, err := j.ecPublic()
		return key, "ES256", err
	case j.KeyType == "OKP" && j.Curve == "Ed25519":
		x, err := decode32(j.X)
		return ed25519.PublicKey(x), "EdDSA", err
	case j.KeyType == "RSA":
		key, err := j.rsaPublic()
		return key, "RS256", err
	default:
		return nil, "", fmt.Errorf("kty %q with crv %q is not one of EC P-256, OKP Ed25519, RSA", j.KeyType, j.Curve)
	}
}

func (j JWK) ecPublic() (*ecdsa.PublicKey, error) {
	x, err := decode32(j.X)
	if err != nil {
		return nil, err
	}
	y, err := decode32(j.Y)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
}

func (j JWK) rsaPublic() (*rsa.PublicKey, error) {
	n, err := decode(j.N)
	if err != nil {
		return nil, err
	}
	e, err := decode(j.E)
	if err != nil {
		return nil, err
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if key.N.BitLen() < 2048 || len(e) > 4 || key.E < 3 || key.E%2 == 0 {
		return nil, errors.New("an RSA key needs at least 2048 bits and a small odd exponent")
	}
	return key, nil
}

// Public is the public half with its one algorithm, whatever alg and kid say. Its id is the RFC 7638 thumbprint.
func (j JWK) Public() (PublicKey, error) {
	key, alg, err := j.public()
	return PublicKey{ID: j.thumbprint(), Alg: alg, Key: key}, err
}

// verifier is the public half of a signing key, if its alg and its kid are those that follow from it.
func (j JWK) verifier() (PublicKey, error) {
	key, err := j.Public()
	if err != nil {
		return PublicKey{}, fmt.Errorf("key %s: %w", j.ID, err)
	}
	if j.Use != "" && j.Use != "sig" { // RFC 7517 section 4.2
		return PublicKey{}, fmt.Errorf("key %s: use must be sig", j.ID)
	}
	if j.Alg != key.Alg || j.ID != key.ID {
		return PublicKey{}, fmt.Errorf("key %s: alg must be %s and kid the RFC 7638 thumbprint", j.ID, key.Alg)
	}
	return key, nil
}

// private returns the signer, after a check that it belongs to the public half.
func (j JWK) private() (crypto.Signer, error) {
	d, err := decode(j.D)
	if err != nil {
		return nil, err
	}
	var signer crypto.Signer
	switch j.KeyType {
	case "EC":
		signer, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	case "OKP":
		if len(d) != ed25519.SeedSize {
			return nil, errors.New("an Ed25519 seed has 32 bytes")
		}
		signer = ed25519.NewKeyFromSeed(d)
	default:
		signer, err = j.rsaPrivate(d)
	}
	if err != nil {
		return nil, err
	}
	public, _, err := j.public()
	if err != nil {
		return nil, err
	}
	if own, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(public) {
		return nil, errors.New("the private key does not belong to the public one")
	}
	return signer, nil
}

func (j JWK) rsaPrivate(d []byte) (*rsa.PrivateKey, error) {
	public, err := j.rsaPublic()
	if err != nil {
		return nil, err
	}
	p, err := decode(j.P)
	if err != nil {
		return nil, err
	}
	q, err := decode(j.Q)
	if err != nil {
		return nil, err
	}
	key := &rsa.PrivateKey{
		PublicKey: *public,
		D:         new(big.Int).SetBytes(d),
		Primes:    []*big.Int{new(big.Int).SetBytes(p), new(big.Int).SetBytes(q)},
	}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	key.Precompute()
	return key, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) == 0 {
		return nil, errors.New("a key member is not base64url") // the value may be secret
	}
	return b, nil
}

func decode32(s string) ([]byte, error) {
	b, err := decode(s)
	if err == nil && len(b) != 32 {
		err = fmt.Errorf("a key member has %d bytes instead of 32", len(b))
	}
	return b, err
}
