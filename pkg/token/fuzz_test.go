package token_test

import (
	"context"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// A string that parses and verifies is the one spelling of its token.
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
			t.Fatalf("got a token of %d characters, want at most %d", len(s), token.MaxTextLength)
		}
		r, err := p.Verify(tokenKey(p.KeyID()))
		if err != nil {
			return
		}
		if again := encode(t, r); again != s {
			t.Fatalf("got %q and %q for one token", again, s)
		}
	})
}

func FuzzParseAPIKey(f *testing.F) {
	f.Add(token.APIKey{ID: "00112233445566778899aabbccddeeff"}.Text().Reveal())
	f.Add("sak__")
	f.Fuzz(func(t *testing.T, s string) {
		if key, ok := token.ParseAPIKey(s); ok && (key.Text().Reveal() != s || !token.IsAPIKey(s)) {
			t.Fatalf("got a second spelling %q of one key", s)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add(uuid)
	f.Add("00000000-0000-0000-0000-00000000000G")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := token.ParseID(s); ok && id.String() != s {
			t.Fatalf("got %q and %q for one id", id, s)
		}
	})
}

// Only tokens signed with the own keys verify, and no string makes the verifier panic.
func FuzzAccess(f *testing.F) {
	w := newService()
	good := w.sign(f, "ES256", w.access())
	f.Add(good)
	f.Add(w.sign(f, "EdDSA", w.access()))
	f.Add(w.forge(header("none", w.kid("ES256")), w.claims(nil), nil))
	f.Fuzz(func(t *testing.T, s string) {
		a, err := w.verifier().Verify(context.Background(), s)
		if err == nil && a.User != w.access().User {
			t.Fatalf("got user %q from a forged token", a.User)
		}
	})
}
