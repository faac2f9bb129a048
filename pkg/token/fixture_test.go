package token_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const issuer = "https://tokens.example"

// fixture is a service with one key of each algorithm, and what an attacker can see and build.
type fixture struct {
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

// algorithms has one key of each, made once: an RSA key takes a tenth of a second.
var algorithms = sync.OnceValues(func() (map[string]keys.JWK, error) {
	jwks := map[string]keys.JWK{}
	for alg, status := range map[string]keys.Status{"ES256": keys.Active, "EdDSA": keys.Next, "RS256": keys.Retired} {
		j, err := keys.GenerateSigningKey(alg, status)
		if err != nil {
			return nil, err
		}
		jwks[alg] = j
	}
	return jwks, nil
})

func newFixture(t testing.TB) *fixture {
	t.Helper()
	jwks, err := algorithms()
	if err != nil {
		t.Fatal(err)
	}
	w := &fixture{jwks: jwks, signing: map[string]keys.SigningKey{}, fetches: new(int)}
	w.now = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for alg, j := range jwks {
		j.Status = keys.Active
		set, err := keys.ParseSigningSet(document(t, j))
		if err != nil {
			t.Fatal(err)
		}
		w.signing[alg] = set.Active
	}
	if w.set, err = keys.ParsePublicSet(document(t, jwks["ES256"], jwks["EdDSA"], jwks["RS256"])); err != nil {
		t.Fatal(err)
	}
	w.ring = keys.NewRing(func(context.Context) (*keys.PublicSet, error) { *w.fetches++; return w.set, nil })
	w.later = later(t, jwks)
	return w
}

// later makes the keys past.
func later(t testing.TB, jwks map[string]keys.JWK) laterRings {
	t.Helper()
	active, err := keys.GenerateSigningKey("ES256", keys.Active)
	if err != nil {
		t.Fatal(err)
	}
	all := []keys.JWK{active}
	for _, j := range jwks {
		j = j.WithoutPrivate()
		j.Status = keys.Past
		all = append(all, j)
	}
	raw := document(t, all...)
	return laterRings{
		keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return keys.ParsePublicSet(raw) }),
		keys.NewRing(func(context.Context) (*keys.SigningSet, error) { return keys.ParseSigningSet(raw) }),
	}
}

func document(t testing.TB, jwks ...keys.JWK) []byte {
	t.Helper()
	raw, err := keys.MarshalDocument(jwks...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (w *fixture) kid(alg string) string { return w.jwks[alg].ID }

func (w *fixture) verifier() token.Verifier {
	return token.Verifier{Issuer: issuer, Keys: w.ring, Now: func() time.Time { return w.now }}
}

// companion verifies beside a refresh, after the keys have become past.
func (w *fixture) companion() token.Companion {
	v := w.verifier()
	v.Keys = w.later.public
	return token.Companion{Verifier: v, Past: w.later.signing}
}

func (w *fixture) access() token.Access {
	return token.Access{
		Issuer: issuer, User: "user-1", Audience: "web", Application: "web", Tenant: "demo", Session: uuid, ID: uuid,
		SessionVersion: 4, IssuedAt: w.now.Unix(), NotBefore: w.now.Unix(), Expires: w.now.Unix() + 900, Scope: "read write",
	}
}

func (w *fixture) sign(t testing.TB, alg string, a token.Access) string {
	t.Helper()
	text, err := a.Sign(w.signing[alg])
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

// claims are valid ones with a change; a nil value removes a claim.
func (w *fixture) claims(change map[string]any) []byte {
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
func (w *fixture) forge(header, payload []byte, sign func(signed string) []byte) string {
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
func (w *fixture) genuine() func(string) []byte { return with("ES256", w.signing["ES256"].Signer) }

func (w *fixture) public(alg string) crypto.PublicKey { return w.signing[alg].Signer.Public() }

// refused checks that every way to verify refuses, by published keys and by past ones, and that the error quotes nothing
// of the token.
func (w *fixture) refused(t *testing.T, what, text string) {
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

func (w *fixture) accepted(t *testing.T, what, text string) token.Access {
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
