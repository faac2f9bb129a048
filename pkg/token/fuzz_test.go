package token_test

import (
	"context"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Whatever parses and verifies is the one spelling of what it says.
func FuzzParseRefresh(f *testing.F) {
	text, err := sample().Encode(tokenKey(7))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text.Reveal())
	f.Add("srt_")
	f.Add("srt_EAAAAAc")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := token.ParseRefresh(s)
		if err != nil {
			return
		}
		if len(s) > token.MaxTextLength {
			t.Fatal("too long a token parses")
		}
		r, err := p.Verify(tokenKey(p.KeyID()))
		if err != nil {
			return
		}
		if again := encode(t, r); again != s {
			t.Fatal("two spellings of one token")
		}
	})
}

func FuzzParseAPIKey(f *testing.F) {
	f.Add(token.APIKey{ID: "00112233445566778899aabbccddeeff"}.Text().Reveal())
	f.Add("sak__")
	f.Fuzz(func(t *testing.T, s string) {
		if key, ok := token.ParseAPIKey(s); ok && (key.Text().Reveal() != s || !token.IsAPIKey(s)) {
			t.Fatal("two spellings of one key")
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add(uuid)
	f.Add("00000000-0000-0000-0000-00000000000G")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := token.ParseID(s); ok && id.String() != s {
			t.Fatal("two spellings of one id")
		}
	})
}

// Nothing but what our keys signed verifies, and nothing makes the verifier panic.
func FuzzAccess(f *testing.F) {
	w := newWorld(f)
	good := w.sign(f, "ES256", w.access())
	f.Add(good)
	f.Add(w.sign(f, "EdDSA", w.access()))
	f.Add(w.forge(header("none", w.kid("ES256")), w.claims(nil), nil))
	f.Fuzz(func(t *testing.T, s string) {
		a, err := w.verifier().Verify(context.Background(), s)
		if err == nil && a.User != w.access().User {
			t.Fatal("a token that we never signed verifies")
		}
	})
}
