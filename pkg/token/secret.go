package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a credential as its holder keeps it. It prints, logs and marshals as [redacted].
type Text struct{ raw string }

// Reveal returns the credential itself, for the answer that hands it to its holder and nothing else.
func (t Text) Reveal() string { return t.raw }

func (Text) String() string               { return redacted }
func (Text) GoString() string             { return redacted }
func (Text) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Secret is the secret part of a refresh token or an API key.
type Secret [32]byte

// Hash is what a store may know of the secret.
func (s Secret) Hash() Hash { return sha256.Sum256(s[:]) }

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Hash is the SHA-256 of a secret: all that is ever at rest. It prints as [redacted] too.
type Hash [sha256.Size]byte

// Equal compares in constant time.
func (h Hash) Equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

func (Hash) String() string               { return redacted }
func (Hash) GoString() string             { return redacted }
func (Hash) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Hash) MarshalText() ([]byte, error) { return []byte(redacted), nil }
