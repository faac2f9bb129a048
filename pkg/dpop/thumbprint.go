package dpop

import "encoding/base64"

// Thumbprint identifies a public key: the SHA-256 of its canonical JWK (RFC 7638). The zero value is no key.
type Thumbprint [32]byte

// ParseThumbprint reads the one spelling of a thumbprint: 43 characters of base64url.
func ParseThumbprint(text string) (t Thumbprint, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(t) || len(text) != base64.RawURLEncoding.EncodedLen(len(t)) {
		return t, false
	}
	return Thumbprint(raw), true
}

// String is base64url without padding, as the claim jkt has it.
func (t Thumbprint) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// IsZero reports whether there is no key.
func (t Thumbprint) IsZero() bool { return t == Thumbprint{} }
