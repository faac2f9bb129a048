package keys

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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
	before  TokenKey
	byID    map[TokenKeyID]TokenKey
	dropped map[TokenKeyID]bool
}

// Format keeps the secrets in the unexported field out of logs and errors.
func (s TokenSet) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%d token keys, active %s", len(s.byID), s.Active.ID)
}

// Find returns the next, active or retired key with an id. Errors: ErrNoKey, ErrDropped.
func (s *TokenSet) Find(id TokenKeyID) (TokenKey, error) {
	k, found := s.byID[id]
	switch {
	case found:
		return k, nil
	case s.dropped[id]:
		return k, ErrDropped
	default:
		return k, ErrNoKey
	}
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

// PublicSet holds the keys that verify access tokens and that JWKS publishes: next, active and retired ones.
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

// SigningSet is the one active signing key, and what is left of past ones.
type SigningSet struct {
	Active SigningKey

	past map[string]JWK // parsed when asked for: a start does not wait for them
}

// Past returns the public half of a past key. It verifies access tokens beside a refresh, and nothing else (law 6).
// Errors: ErrNoKey.
func (s *SigningSet) Past(kid string) (PublicKey, error) {
	j, found := s.past[kid]
	if !found {
		return PublicKey{}, ErrNoKey
	}
	return j.verifier()
}

// ParseTokenSet reads a document of token keys.
func ParseTokenSet(raw []byte) (*TokenSet, error) {
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	set := &TokenSet{byID: map[TokenKeyID]TokenKey{}, dropped: map[TokenKeyID]bool{}}
	var retired int64
	for _, j := range doc.Keys {
		id, err := tokenKeyID(j)
		if err != nil {
			return nil, err
		}
		if j.Status == Past {
			set.dropped[id] = true
			continue
		}
		secret, err := decode32(j.K)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", j.ID, err)
		}
		key := TokenKey{ID: id, Secret: [32]byte(secret)}
		set.byID[id] = key
		switch {
		case j.Status == Active:
			set.Active = key
		case j.Status == Retired && j.Retired >= retired:
			set.before, retired = key, j.Retired
		}
	}
	return set, nil
}

func tokenKeyID(j JWK) (TokenKeyID, error) {
	raw, err := hex.DecodeString(j.ID)
	if err != nil || len(raw) != 4 || j.KeyType != "oct" {
		return 0, fmt.Errorf("key %s: a token key is kty oct with a kid of eight hex digits", j.ID)
	}
	id := TokenKeyID(binary.BigEndian.Uint32(raw))
	if id.String() != j.ID { // else two kids could name one key
		return 0, fmt.Errorf("key %s: the hex digits of a kid are lower-case", j.ID)
	}
	return id, nil
}

// ParsePublicSet reads the public halves of a signing document, private or public, without those of past keys. It keeps
// no private member.
func ParsePublicSet(raw []byte) (*PublicSet, error) {
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	return publicSet(doc)
}

// ParseJWKS reads the published document (RFC 7517 section 5). Keys that it does not understand are left out; an error if
// none is left.
func ParseJWKS(raw []byte) (*PublicSet, error) {
	doc, err := decodeDocument(raw)
	if err != nil {
		return nil, err
	}
	usable := slices.DeleteFunc(doc.Keys, func(j JWK) bool {
		_, err := j.verifier()
		return err != nil || j.Status != ""
	})
	if len(usable) == 0 {
		return nil, errors.New("the key set has no key that verifies access tokens")
	}
	return publicSet(Document{Keys: usable})
}

func publicSet(doc Document) (*PublicSet, error) {
	set := &PublicSet{byID: map[string]PublicKey{}}
	var published Document
	for _, j := range doc.Keys {
		if j.Status == Past {
			continue
		}
		key, err := j.verifier()
		if err != nil {
			return nil, err
		}
		set.byID[j.ID] = key
		published.Keys = append(published.Keys, j.publicOnly())
	}
	var err error
	set.jwks, err = json.Marshal(published)
	return set, err
}

// ParseSigningSet reads the active key of a signing document, and the public halves of its past ones.
func ParseSigningSet(raw []byte) (*SigningSet, error) {
	doc, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	if _, err := publicSet(doc); err != nil {
		return nil, err
	}
	set := &SigningSet{past: map[string]JWK{}}
	for _, j := range doc.Keys {
		switch j.Status {
		case Active:
			signer, err := j.private()
			if err != nil {
				return nil, fmt.Errorf("key %s: %w", j.ID, err)
			}
			set.Active = SigningKey{ID: j.ID, Alg: j.Alg, Signer: signer}
		case Past:
			set.past[j.ID] = j.publicOnly()
		case Next, Retired:
		}
	}
	return set, nil
}
