package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// The search for leaks finds what it is there for: a hash of a token's or a key's secret in the log.
func TestALeakIsFound(t *testing.T) {
	token := home.issue(t, fresh(), home.demo.web).refresh
	raw, err := base64.RawURLEncoding.DecodeString(token[len("srt_"):])
	if err != nil {
		t.Fatal(err)
	}
	tokenHash := sha256.Sum256(raw[len(raw)-48 : len(raw)-16])
	secret, err := base64.RawURLEncoding.DecodeString(home.demo.key[len(home.demo.key)-43:])
	if err != nil {
		t.Fatal(err)
	}
	keyHash := sha256.Sum256(secret)
	for name, line := range map[string]string{
		"hash of a refresh token's secret": hex.EncodeToString(tokenHash[:]),
		"hash of an API key's secret":      base64.StdEncoding.EncodeToString(keyHash[:]),
		"end of a refresh token":           token[len(token)-30:],
		"secret of an API key":             hex.EncodeToString(secret),
	} {
		leaky := &service{secrets: map[string]bool{token: true, home.demo.key: true}}
		if _, err := leaky.log.Write([]byte("{\"msg\":\"" + line + "\"}\n")); err != nil {
			t.Fatal(err)
		}
		if leaky.leaks() == nil {
			t.Errorf("%s was not found", name)
		}
	}
}
