package authorizer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// A store that cannot be read shows which refusals come before it.
func TestABoundAccessTokenIsProvenBeforeTheStore(t *testing.T) {
	h := start(t)
	base, err := dpop.ParseBase("https://api.example.com/auth")
	if err != nil {
		t.Fatal(err)
	}
	h.PublicURLs = []dpop.Base{base}
	key, other := fixture.NewProofKey("ES256"), fixture.NewProofKey("EdDSA")
	bound := h.access(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: key.Thumbprint} })
	const path = "/jwt/refresh/a%2Fb"
	now, ath := h.Authorizer.Now(), fixture.ForAccess(bound)
	prove := func(key fixture.ProofKey, uri string, further ...map[string]any) []string {
		return []string{key.Prove("GET", uri, now, further...)}
	}
	good := prove(key, "https://api.example.com/auth"+path, ath)
	reachable := h.Store
	for name, c := range map[string]struct {
		authorization string
		proofs        []string
		want          error
	}{
		"a proof":                   {"DPoP " + bound, good, nil},
		"the same proof again":      {"DPoP " + bound, good, nil}, // nothing remembers it: see Proven
		"the scheme in small":       {"dpop " + bound, good, nil},
		"without a base path":       {"DPoP " + bound, prove(key, "https://api.example.com"+path, ath), authorizer.ErrUnbound},
		"another host":              {"DPoP " + bound, prove(key, "https://evil.example/auth"+path, ath), authorizer.ErrUnbound},
		"another id":                {"DPoP " + bound, prove(key, "https://api.example.com/auth/jwt/refresh/a", ath), authorizer.ErrUnbound},
		"Bearer":                    {"Bearer " + bound, good, authorizer.ErrUnbound},
		"no proof":                  {"DPoP " + bound, nil, authorizer.ErrUnbound},
		"two proofs":                {"DPoP " + bound, append(good, good...), authorizer.ErrUnbound},
		"no ath":                    {"DPoP " + bound, prove(key, "https://api.example.com/auth"+path), authorizer.ErrUnbound},
		"the ath of another token":  {"DPoP " + bound, prove(key, "https://api.example.com/auth"+path, fixture.ForAccess(h.current())), authorizer.ErrUnbound},
		"another key":               {"DPoP " + bound, prove(other, "https://api.example.com/auth"+path, ath), authorizer.ErrUnbound},
		"an old proof":              {"DPoP " + bound, prove(key, "https://api.example.com/auth"+path, ath, map[string]any{"iat": now.Add(-61 * time.Second).Unix()}), authorizer.ErrUnbound},
		"DPoP, a token of no key":   {"DPoP " + h.current(), prove(key, "https://api.example.com/auth"+path, fixture.ForAccess(h.current())), authorizer.ErrUnbound},
		"Bearer, a token of no key": {"Bearer " + h.current(), nil, nil},
		"DPoP, an API key":          {"DPoP " + fixture.KeyText("all"), good, authorizer.ErrForged},
	} {
		headers := map[string][]string{"Authorization": {c.authorization}, "X-Stencil-TenantId": {fixture.Demo}, "Dpop": c.proofs}
		h.Store = reachable
		if c.want != nil {
			h.Store = failing{errThrottled}
		}
		p, err := h.Authenticate(t.Context(), authorizer.HeadersOf(nil, headers).Of("GET", path))
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err == nil && p.User != fixture.Alice {
			t.Errorf("%s: got %+v, %v, want %v", name, p, err, c.want)
		}
	}
}
