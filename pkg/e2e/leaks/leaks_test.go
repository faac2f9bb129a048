package leaks_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

func TestEverySpellingOfASecretIsFoundAndNothingElse(t *testing.T) {
	tenants := fixture.At(fixture.Noon())
	refresh, access := tenants.RefreshText(fixture.SessionOne, 0), tenants.AccessText(fixture.SessionOne, fixture.Noon())
	key, tokenKey := fixture.APIKey("all"), tenants.TokenKey()
	keyText, keyHash, tokenHash := key.Text().Reveal(), key.Secret.Hash(), tenants.Session(fixture.SessionOne).SecretHash
	texts := []string{`{"refreshToken":"` + refresh + `"}`, "Bearer " + access, "Bearer " + keyText, string(tenants.Token), string(tenants.Signing)}
	for name, line := range map[string]string{
		"a refresh token":                 refresh,
		"the end of a refresh token":      refresh[len(refresh)-30:],
		"the hash of its secret":          base64.StdEncoding.EncodeToString(tokenHash[:]),
		"an access token":                 access[:50],
		"the end of its signature":        access[len(access)-30:],
		"an API key":                      keyText,
		"the secret of an API key":        keyText[len(keyText)-43:],
		"the secret in hexadecimal":       strings.ToUpper(hex.EncodeToString(key.Secret[:])),
		"the hash of an API key's secret": hex.EncodeToString(keyHash[:]),
		"the token key in hexadecimal":    hex.EncodeToString(tokenKey.Secret[:]),
		"the token key in base64":         base64.RawURLEncoding.EncodeToString(tokenKey.Secret[:]),
	} {
		if leaks.Find(`{"message":"`+line+`"}`, texts...) == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	if err := leaks.Find(`{"message":"request","tenant":"demo","requestId":"`+fixture.SessionOne+`"}`, texts...); err != nil {
		t.Errorf("a line without secrets: got %v, want no error", err)
	}
}
