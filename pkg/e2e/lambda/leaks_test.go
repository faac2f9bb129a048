package lambda_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// wantNoSecretsLogged searches all that the function wrote for all that it was given or made.
func (r *replay) wantNoSecretsLogged() {
	r.t.Helper()
	if err := leak(r.Stdout()+r.Stderr(), r.Tenants, r.seen); err != nil {
		r.t.Error(err)
	}
}

// credential finds refresh tokens, API keys, access tokens and the secret members of keys.
var credential = regexp.MustCompile(`srt_[\w-]{40,}|sak_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+|"[kd]": *"[\w-]{43}`)

// leak says which kind of secret a log holds: of the credentials that were seen, of the tenants' keys, or the hash of a
// secret, in any spelling.
func leak(log string, tenants fixture.Tenants, seen []string) error {
	for _, prefix := range []string{"srt_", "sak_", "eyJ"} {
		if strings.Contains(log, prefix) {
			return fmt.Errorf("the log holds what begins with %s", prefix)
		}
	}
	needles := map[string]bool{}
	for _, text := range append(seen, string(tenants.Token), string(tenants.Signing)) {
		for _, found := range credential.FindAllString(text, -1) {
			for _, spelling := range spellings(found[strings.LastIndex(found, `"`)+1:]) {
				needles[spelling] = true
			}
		}
	}
	for needle := range needles {
		if strings.Contains(log, needle) {
			return errors.New("the log holds a piece of a credential, of a key, or the hash of a secret")
		}
	}
	return nil
}

// spellings are the ways in which the secret of a credential, or its SHA-256, could stand in a log. The secret of a
// refresh token is the 32 bytes before its tag of 16, that of an API key its last 43 characters, that of an access
// token its signature.
func spellings(text string) []string {
	part := text
	switch {
	case strings.HasPrefix(text, "srt_"):
		raw, err := base64.RawURLEncoding.DecodeString(text[len("srt_"):])
		if err != nil || len(raw) < 48 {
			return []string{text}
		}
		part = base64.RawURLEncoding.EncodeToString(raw[len(raw)-48 : len(raw)-16])
	case strings.HasPrefix(text, "sak_") && len(text) > 43:
		part = text[len(text)-43:]
	case strings.HasPrefix(text, "eyJ"):
		return []string{text[strings.LastIndex(text, ".")+1:]}
	}
	secret, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || len(secret) != sha256.Size {
		return []string{text}
	}
	hash := sha256.Sum256(secret)
	all := []string{text[max(0, len(text)-24):]}
	for _, bytes := range [][]byte{secret, hash[:]} {
		all = append(all, hex.EncodeToString(bytes), strings.ToUpper(hex.EncodeToString(bytes)),
			base64.RawStdEncoding.EncodeToString(bytes), base64.RawURLEncoding.EncodeToString(bytes))
	}
	return all
}

// The search for leaks finds what it is there for.
func TestALeakIsFound(t *testing.T) {
	tenants := fixture.At(fixture.Noon())
	refresh, access := tenants.RefreshText(fixture.SessionOne, 0), tenants.AccessText(fixture.SessionOne, fixture.Noon())
	key := fixture.APIKey("all")
	keyText := key.Text().Reveal()
	keyHash, tokenHash := key.Secret.Hash(), tenants.Session(fixture.SessionOne).SecretHash
	tokenKey := tenants.TokenKey()
	seen := []string{`{"refreshToken":"` + refresh + `"}`, "Bearer " + access, "Bearer " + keyText}
	for name, line := range map[string]string{
		"a refresh token":         refresh,
		"an access token":         access[:50],
		"its signature":           access[strings.LastIndex(access, ".")+1:],
		"an API key":              keyText,
		"its secret":              keyText[len(keyText)-43:],
		"its hash":                hex.EncodeToString(keyHash[:]),
		"hash of a token":         base64.StdEncoding.EncodeToString(tokenHash[:]),
		"the token key":           hex.EncodeToString(tokenKey.Secret[:]),
		"the token key in base64": base64.RawURLEncoding.EncodeToString(tokenKey.Secret[:]),
	} {
		if leak(`{"message":"`+line+`"}`, tenants, seen) == nil {
			t.Errorf("%s was not found", name)
		}
	}
	if err := leak(`{"message":"request","tenant":"demo","requestId":"019bc1f5-9a00-7000-8000-000000000001"}`, tenants, seen); err != nil {
		t.Errorf("there is no secret in it: %v", err)
	}
}
