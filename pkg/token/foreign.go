package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// MaxForeignLength is the longest refresh token of another system, in bytes.
const MaxForeignLength = 2048

// Foreign is the SHA-256 of a refresh token of another system (law 10). Whoever knows it derives the secret of the
// session, so it prints as [redacted], and no store holds it.
type Foreign [sha256.Size]byte

// ForeignOf hashes a refresh token of another system.
func ForeignOf(text string) Foreign { return sha256.Sum256([]byte(text)) }

// IsForeign reports whether text can only be a token of another system.
func IsForeign(text string) bool { return text != "" && !strings.HasPrefix(text, prefix) }

// ParseForeign reads 64 hexadecimal digits; false for any other string.
func ParseForeign(text string) (f Foreign, ok bool) {
	if len(text) != hex.EncodedLen(len(f)) {
		return f, false
	}
	_, err := hex.Decode(f[:], []byte(text))
	return f, err == nil
}

// Secret is the secret of generation 0 of the imported session.
func (f Foreign) Secret() Secret { return Secret(f.derive("secret")) }

// Locator finds the session. Neither the secret nor f follows from it.
func (f Foreign) Locator() Hash { return f.derive("locator") }

// Session is the id of the session, a UUIDv7 of the time at.
func (f Foreign) Session(at time.Time) ID { return f.id("session", at) }

// AccessID is the id of the access token of generation 0, which nobody holds.
func (f Foreign) AccessID(at time.Time) ID { return f.id("access token", at) }

func (f Foreign) id(label string, at time.Time) ID {
	drawn := f.derive(label)
	id, _ := NewID(at, bytes.NewReader(drawn[:])) // it never fails
	return id
}

func (f Foreign) derive(label string) Hash {
	h := sha256.New()
	h.Write([]byte("srt/import/" + label + "\x00"))
	h.Write(f[:])
	return Hash(h.Sum(nil))
}

// String hides it.
func (Foreign) String() string { return redacted }

// Format hides it from every verb.
func (Foreign) Format(f fmt.State, _ rune) { hide(f) }

// LogValue hides it from slog.
func (Foreign) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (Foreign) MarshalText() ([]byte, error) { return []byte(redacted), nil }
