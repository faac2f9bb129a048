package token

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

const apiKeyPrefix = "sak_"

// APIKey is the credential of a backend: "sak_" + key id (32 hex digits) + "_" + secret (base64url).
type APIKey struct {
	ID     string
	Secret Secret
}

// Format keeps the secret out of logs and errors, also behind a pointer.
func (k APIKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "API key "+k.ID) }

// NewAPIKey draws a key id and a secret.
func NewAPIKey(random io.Reader) (APIKey, error) {
	var id [16]byte
	var key APIKey
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return key, err
	}
	if _, err := io.ReadFull(random, key.Secret[:]); err != nil {
		return key, err
	}
	key.ID = hex.EncodeToString(id[:])
	return key, nil
}

// IsAPIKey distinguishes an API key from an access token by the prefix alone.
func IsAPIKey(credential string) bool { return strings.HasPrefix(credential, apiKeyPrefix) }

// ParseAPIKey reads the one valid spelling of an API key; false for any other string.
func ParseAPIKey(text string) (APIKey, bool) {
	id, secret, found := strings.Cut(strings.TrimPrefix(text, apiKeyPrefix), "_")
	if !IsAPIKey(text) || !found || len(id) != 32 || len(secret) != 43 || strings.ContainsAny(secret, "\r\n") {
		return APIKey{}, false
	}
	rawID, err := hex.DecodeString(id)
	if err != nil || hex.EncodeToString(rawID) != id {
		return APIKey{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil || len(raw) != len(Secret{}) {
		return APIKey{}, false
	}
	return APIKey{ID: id, Secret: Secret(raw)}, true
}

// Text is the key as its holder stores it.
func (k APIKey) Text() Text {
	return Text{apiKeyPrefix + k.ID + "_" + base64.RawURLEncoding.EncodeToString(k.Secret[:])}
}
