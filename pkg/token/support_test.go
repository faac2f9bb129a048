package token_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The issuers of a deployment and of its tenant demo.
const (
	base   = fixture.Issuer
	issuer = base + "/t/demo"
)

// service has one key of each algorithm, and what an attacker can see and build.
type service struct {
	jwks    map[string]keys.JWK
	signing map[string]keys.SigningKey
	set     *keys.PublicSet
	ring    *keys.Ring[keys.PublicSet]
	// later are the rings when all three keys are past, and another one is active.
	later   laterRings
	fetches *int
	now     time.Time
}

type laterRings struct {
	public  *keys.Ring[keys.PublicSet]
	signing *keys.Ring[keys.SigningSet]
}

// algorithms has keys of each, made once: an RSA key takes a tenth of a second.
var algorithms = sync.OnceValue(func() map[string]fixture.Keys {
	return map[string]fixture.Keys{
		"ES256": fixture.NewKeys("ES256"), "EdDSA": fixture.NewKeys("EdDSA"), "RS256": fixture.NewKeys("RS256"),
	}
})

func newService() *service {
	w := &service{
		jwks: map[string]keys.JWK{}, signing: map[string]keys.SigningKey{}, fetches: new(int),
		now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
	}
	for alg, k := range algorithms() {
		j := fixture.Must(keys.ParseDocument(k.Signing)).Keys[0]
		if alg != "ES256" {
			j.Status = keys.Retired
		}
		w.jwks[alg], w.signing[alg] = j, k.SigningKey()
	}
	public := fixture.Must(keys.MarshalDocument(slices.Collect(maps.Values(w.jwks))...))
	w.set = fixture.Must(keys.ParsePublicSet(public))
	w.ring = keys.NewRing(func(context.Context) (*keys.PublicSet, error) { *w.fetches++; return w.set, nil })
	w.later = later(w.jwks)
	return w
}

// later makes the keys past.
func later(jwks map[string]keys.JWK) laterRings {
	all := fixture.Must(keys.ParseDocument(fixture.NewKeys("ES256").Signing)).Keys
	for _, j := range jwks {
		j = j.WithoutPrivate()
		j.Status = keys.Past
		all = append(all, j)
	}
	raw := fixture.Must(keys.MarshalDocument(all...))
	return laterRings{fixture.Ring(keys.ParsePublicSet, raw), fixture.Ring(keys.ParseSigningSet, raw)}
}

func (w *service) kid(alg string) string { return w.jwks[alg].ID }

func (w *service) verifier() token.Verifier {
	return token.Verifier{Issuer: base, Keys: w.ring, Now: func() time.Time { return w.now }}
}

// companion verifies beside a refresh, after the keys have become past.
func (w *service) companion() token.Companion {
	v := w.verifier()
	v.Keys = w.later.public
	return token.Companion{Verifier: v, Past: w.later.signing}
}

func (w *service) access() token.Access {
	return token.Access{
		Issuer: issuer, User: "user-1", Audience: token.Audience{"web"}, Application: "web", Tenant: "demo", Session: uuid, ID: uuid,
		SessionVersion: 4, IssuedAt: w.now.Unix(), NotBefore: w.now.Unix(), Expires: w.now.Unix() + 900, Scope: "read write",
	}
}

func (w *service) sign(t testing.TB, alg string, a token.Access) string {
	t.Helper()
	text, err := a.Sign(w.signing[alg])
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

// claims are valid ones with a change; a nil value removes a claim.
func (w *service) claims(change map[string]any) []byte {
	all := map[string]any{
		"iss": issuer, "sub": "user-1", "aud": "web", "client_id": "web", "tid": "demo", "sid": uuid, "jti": uuid, "sv": 4,
		"iat": w.now.Unix(), "nbf": w.now.Unix(), "exp": w.now.Unix() + 900,
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	raw, _ := json.Marshal(all)
	return raw
}

// header is a valid header with further members; a nil value removes one.
func header(alg, kid string, more ...any) []byte {
	h := map[string]any{"alg": alg, "kid": kid, "typ": "at+jwt"}
	for i := 0; i < len(more); i += 2 {
		h[more[i].(string)] = more[i+1]
	}
	maps.DeleteFunc(h, func(_ string, v any) bool { return v == nil })
	raw, _ := json.Marshal(h)
	return raw
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// forge joins a header, a payload and the signature that sign makes of them.
func (w *service) forge(header, payload []byte, sign func(signed string) []byte) string {
	signed := b64(header) + "." + b64(payload)
	if sign == nil {
		return signed + "."
	}
	return signed + "." + b64(sign(signed))
}

// with signs with a key as golang-jwt does for the algorithm.
func with(alg string, key any) func(string) []byte {
	return func(signed string) []byte {
		sig, err := jwt.GetSigningMethod(alg).Sign(signed, key)
		if err != nil {
			panic(err)
		}
		return sig
	}
}

// genuine signs with the active key, for tokens that are wrong in spite of a genuine signature.
func (w *service) genuine() func(string) []byte { return with("ES256", w.signing["ES256"].Signer) }

func (w *service) public(alg string) crypto.PublicKey { return w.signing[alg].Signer.Public() }

// refused checks that every way to verify refuses, by published keys and by past ones, and that the error quotes nothing
// of the token.
func (w *service) refused(t *testing.T, what, text string) {
	t.Helper()
	v := w.verifier()
	for name, verify := range map[string]func(context.Context, string) (token.Access, error){
		"Verify": v.Verify, "VerifyEvenExpired": v.VerifyEvenExpired, "by past keys": w.companion().Verify,
		"beside a refresh": token.Companion{Verifier: v, Past: w.later.signing}.Verify,
	} {
		got, err := verify(t.Context(), text)
		if !errors.Is(err, token.ErrBadAccess) {
			t.Errorf("%s: %s: got %v, want %v", what, name, err, token.ErrBadAccess)
		}
		if got.User != "" || got.Tenant != "" || got.Session != "" {
			t.Errorf("%s: %s: got claims %+v with the error, want none", what, name, got)
		}
	}
}

func (w *service) accepted(t *testing.T, what, text string) token.Access {
	t.Helper()
	got, err := w.verifier().Verify(t.Context(), text)
	if err != nil {
		t.Errorf("%s: got %v, want it accepted", what, err)
	}
	past := w.companion()
	if beside, err := past.Verify(t.Context(), text); err != nil || beside.User != got.User || beside.Session != got.Session {
		t.Errorf("%s: by a past key beside a refresh: got %+v, %v, want it accepted", what, beside, err)
	}
	if _, err := past.Verifier.VerifyEvenExpired(t.Context(), text); !errors.Is(err, token.ErrForeignAccess) {
		t.Errorf("%s: by a past key alone: got %v, want %v", what, err, token.ErrForeignAccess)
	}
	return got
}
