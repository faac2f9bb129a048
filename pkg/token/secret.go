package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// hide prints the same for every verb of fmt: %d and %x of an array do not call String. (%p and %w of a value that is
// neither a pointer nor an error call no method at all; go vet refuses them.)
func hide(f fmt.State) { _, _ = io.WriteString(f, redacted) }

// Text is a credential as its holder stores it. It prints, logs and marshals as [redacted].
type Text struct{ raw string }

// Reveal returns the credential itself, for the encoder of the answer to its holder alone.
func (t Text) Reveal() string { return t.raw }

// String hides it.
func (Text) String() string { return redacted }

// Format hides it from every verb.
func (Text) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides it from slog.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Secret is the secret part of a refresh token or an API key. A refresh token's first 16 bytes are the root, which
// its session keeps for life; the others are the link, which changes with each generation.
type Secret [32]byte

const rootSize = 16

// Hash is what a store may know of the secret.
func (s Secret) Hash() Hash { return sha256.Sum256(s[:]) }

// RootHash is what a store may know of the root: 16 bytes of SHA-256 over a label, the session's id and the root.
func (s Secret) RootHash(session ID) RootHash {
	h := sha256.New()
	h.Write([]byte("srt/root\x00"))
	h.Write(session[:])
	h.Write(s[:rootSize])
	return RootHash(h.Sum(nil)[:rootSize])
}

// String hides it.
func (Secret) String() string { return redacted }

// Format hides it from every verb.
func (Secret) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides it from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Hash is the SHA-256 of a secret, as a store holds it. It prints as [redacted] too.
type Hash [sha256.Size]byte

// Equal compares in constant time.
func (h Hash) Equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// String hides it.
func (Hash) String() string { return redacted }

// Format hides it from every verb.
func (Hash) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides it from slog.
func (Hash) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (Hash) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// RootHash proves that a token descends from the one that its session was issued with, whatever its generation.
type RootHash [rootSize]byte

// Equal compares in constant time.
func (h RootHash) Equal(other RootHash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// String hides it.
func (RootHash) String() string { return redacted }

// Format hides it from every verb.
func (RootHash) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides it from slog.
func (RootHash) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (RootHash) MarshalText() ([]byte, error) { return []byte(redacted), nil }
