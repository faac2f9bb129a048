package keys

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// TokenKeyID names a token key inside a refresh token: four bytes, printed as eight hex digits.
type TokenKeyID uint32

func (id TokenKeyID) String() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(id)))
}

// TokenKey authenticates refresh tokens and derives their successors.
type TokenKey struct {
	ID     TokenKeyID
	Secret [32]byte
}

// String keeps the secret out of logs and errors.
func (k TokenKey) String() string { return "token key " + k.ID.String() + " [redacted]" }

// Format prints String for every verb of fmt: %d and %#v do not call it.
func (k TokenKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText is String: an encoder must not show what fmt hides.
func (k TokenKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// TokenSet is the parsed document of token keys.
type TokenSet struct {
	Active TokenKey
	// before was active until Active took its place; its zero value is no key.
	before TokenKey
	byID   map[TokenKeyID]TokenKey
}

// Format keeps the secrets in the unexported field out of logs and errors.
func (s TokenSet) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%d token keys, active %s", len(s.byID), s.Active.ID)
}

// Find returns the key with an id, in any status. Errors: ErrNoKey.
func (s *TokenSet) Find(id TokenKeyID) (TokenKey, error) {
	k, ok := s.byID[id]
	if !ok {
		return k, ErrNoKey
	}
	return k, nil
}

// Latest are the keys that tokens of the last minutes were derived with: the active one, and the one before it.
func (s *TokenSet) Latest() []TokenKey {
	if s.before == (TokenKey{}) {
		return []TokenKey{s.Active}
	}
	return []TokenKey{s.Active, s.before}
}

// PublicKey verifies access tokens with its one algorithm.
type PublicKey struct {
	ID  string
	Alg string
	Key crypto.PublicKey
}

// PublicSet holds the keys that verify access tokens and that JWKS publishes, in every status.
type PublicSet struct {
	byID map[string]PublicKey
	jwks []byte
}

// Find returns the key with a kid. Errors: ErrNoKey.
func (s *PublicSet) Find(kid string) (PublicKey, error) {
	k, ok := s.byID[kid]
	if !ok {
		return k, ErrNoKey
	}
	return k, nil
}

// JWKS is the published document (RFC 7517 section 5), with public members only.
func (s *PublicSet) JWKS() []byte { return s.jwks }

// SigningKey signs access tokens.
type SigningKey struct {
	ID     string
	Alg    string
	Signer crypto.Signer
}

// String keeps the key out of logs and errors.
func (k SigningKey) String() string { return "signing key " + k.ID + " [redacted]" }

// Format prints String for every verb of fmt: %d and %#v do not call it.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText is String: an encoder must not show what fmt hides.
func (k SigningKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// SigningSet is the one active signing key.
type SigningSet struct{ Active SigningKey }

// ParseTokenSet reads a document of token keys.
func ParseTokenSet(raw []byte) (*TokenSet, error) {
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	set := &TokenSet{byID: map[TokenKeyID]TokenKey{}}
	var retired int64
	for _, j := range doc.Keys {
		id, err := hex.DecodeString(j.ID)
		if err != nil || len(id) != 4 || j.KeyType != "oct" {
			return nil, fmt.Errorf("key %s: a token key is kty oct with a kid of eight hex digits", j.ID)
		}
		secret, err := decode32(j.K)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", j.ID, err)
		}
		key := TokenKey{ID: TokenKeyID(binary.BigEndian.Uint32(id)), Secret: [32]byte(secret)}
		if key.ID.String() != j.ID { // else two kids could name one key
			return nil, fmt.Errorf("key %s: the hex digits of a kid are lower-case", j.ID)
		}
		set.byID[key.ID] = key
		switch {
		case j.Status == Active:
			set.Active = key
		case j.Status == Retired && j.Retired >= retired:
			set.before, retired = key, j.Retired
		}
	}
	return set, nil
}

// ParsePublicSet reads the public halves of a signing document, private or public. It keeps no private member.
func ParsePublicSet(raw []byte) (*PublicSet, error) {
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	set := &PublicSet{byID: map[string]PublicKey{}}
	var published Document
	for _, j := range doc.Keys {
		key, alg, err := j.public()
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", j.ID, err)
		}
		if j.Alg != alg || j.ID != j.thumbprint() {
			return nil, fmt.Errorf("key %s: alg must be %s and kid the RFC 7638 thumbprint", j.ID, alg)
		}
		set.byID[j.ID] = PublicKey{ID: j.ID, Alg: alg, Key: key}
		published.Keys = append(published.Keys, j.publicOnly())
	}
	set.jwks, err = json.Marshal(published)
	return set, err
}

// ParseSigningSet reads the active key of a signing document.
func ParseSigningSet(raw []byte) (*SigningSet, error) {
	if _, err := ParsePublicSet(raw); err != nil {
		return nil, err
	}
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	for _, j := range doc.Keys {
		if j.Status != Active {
			continue
		}
		signer, err := j.private()
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", j.ID, err)
		}
		return &SigningSet{Active: SigningKey{ID: j.ID, Alg: j.Alg, Signer: signer}}, nil
	}
	return nil, errors.New("the key document has no active key")
}
