package token_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 6: ES256 by default; the key set also allows EdDSA and RS256, each pinned to its own key.
func TestSignedAccessTokensVerify(t *testing.T) {
	w := newService()
	want := w.access()
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		text := w.sign(t, alg, want)
		got := w.accepted(t, alg, text)
		got.Custom = want.Custom
		if a, b := mustJSON(t, got), mustJSON(t, want); !bytes.Equal(a, b) {
			t.Errorf("%s: got %s, want %s", alg, a, b)
		}
		var head map[string]any
		raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[0])
		if err := json.Unmarshal(raw, &head); err != nil {
			t.Fatal(err)
		}
		if head["alg"] != alg || head["typ"] != "at+jwt" || head["kid"] != w.kid(alg) || len(head) != 3 {
			t.Errorf("%s: got header %v", alg, head)
		}
	}
	w.accepted(t, "a token built by hand", w.forge(header("ES256", w.kid("ES256")), w.claims(nil), w.genuine()))
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// RFC 8725 section 2.1: alg none, and a public key as HMAC secret.
func TestWeakAlgorithmsAreRefused(t *testing.T) {
	w := newService()
	kid := w.kid("ES256")
	genuine := w.sign(t, "ES256", w.access())
	signature := genuine[strings.LastIndex(genuine, ".")+1:]
	for _, alg := range []any{"none", "None", "NONE", "nOnE", "", "null", nil, 0, true, []string{"none"}, "ES256 ", "es256", "\u0000"} {
		h := header("x", kid, "alg", alg)
		w.refused(t, "alg none, unsigned", w.forge(h, w.claims(nil), nil))
		w.refused(t, "alg none, other signature", w.forge(h, w.claims(nil), nil)+signature)
	}
	point, _ := w.public("ES256").(*ecdsa.PublicKey).Bytes()
	for _, keyAlg := range []string{"ES256", "EdDSA", "RS256"} {
		der, err := x509.MarshalPKIXPublicKey(w.public(keyAlg))
		if err != nil {
			t.Fatal(err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		secrets := [][]byte{
			der, block, bytes.TrimSpace(block), point, point[1:33], mustJSON(t, w.jwks[keyAlg]), w.set.JWKS(),
			[]byte(w.kid(keyAlg)),
			{},
		}
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			for _, secret := range secrets {
				w.refused(t, alg+" with a public key", w.forge(header(alg, w.kid(keyAlg)), w.claims(nil), with(alg, secret)))
			}
		}
	}
}

// RFC 8725 section 3.1: the algorithm follows from the key, never from the header.
func TestAlgorithmAndKeyAreNeverMixed(t *testing.T) {
	w := newService()
	for _, signer := range []string{"ES256", "EdDSA", "RS256"} {
		for _, claimed := range []string{"ES256", "EdDSA", "RS256", "PS256", "RS512", "ES384", "Ed25519"} {
			for _, kid := range []string{"ES256", "EdDSA", "RS256"} {
				text := w.forge(header(claimed, w.kid(kid)), w.claims(nil), with(signer, w.signing[signer].Signer))
				if claimed == signer && kid == signer {
					w.accepted(t, signer, text)
					continue
				}
				w.refused(t, signer+" signed, "+claimed+" claimed, kid of "+kid, text)
			}
		}
	}
	rsaKey := w.signing["RS256"].Signer
	for _, alg := range []string{"PS256", "RS384", "RS512"} {
		w.refused(t, alg+" with the RSA key", w.forge(header(alg, w.kid("RS256")), w.claims(nil), with(alg, rsaKey)))
	}
}

func TestHeadersThatChangeHowATokenIsReadAreRefused(t *testing.T) {
	w := newService()
	kid := w.kid("ES256")
	for what, h := range map[string][]byte{
		"no kid":                               header("ES256", kid, "kid", nil),
		"empty kid":                            header("ES256", ""),
		"unknown kid":                          header("ES256", "unknown"),
		"number kid":                           header("ES256", kid, "kid", 1),
		"list of kids":                         header("ES256", kid, "kid", []string{kid}),
		"kid of another key":                   header("ES256", w.kid("EdDSA")),
		"duplicate kid, unknown one last":      []byte(`{"alg":"ES256","typ":"at+jwt","kid":"` + kid + `","kid":"x"}`),
		"crit":                                 header("ES256", kid, "crit", []string{"exp"}),
		"empty crit":                           header("ES256", kid, "crit", []string{}),
		"crit null":                            []byte(`{"alg":"ES256","typ":"at+jwt","kid":"` + kid + `","crit":null}`),
		"b64 false":                            header("ES256", kid, "b64", false),
		"b64 true":                             header("ES256", kid, "b64", true),
		"no typ":                               header("ES256", kid, "typ", nil),
		"typ JWT":                              header("ES256", kid, "typ", "JWT"),
		"typ AT+JWT":                           header("ES256", kid, "typ", "AT+JWT"),
		"typ with media type":                  header("ES256", kid, "typ", "application/at+jwt"),
		"typ of an id token":                   header("ES256", kid, "typ", "id+jwt"),
		"typ list":                             header("ES256", kid, "typ", []string{"at+jwt"}),
		"header is an array":                   []byte(`["ES256"]`),
		"header is null":                       []byte(`null`),
		"header with a second object after it": append(header("ES256", kid), "{}"...),
		"upper-case member names":              []byte(`{"ALG":"ES256","TYP":"at+jwt","KID":"` + kid + `"}`),
	} {
		w.refused(t, what, w.forge(h, w.claims(nil), w.genuine()))
	}
}

// Keys come from the own set alone: a key or a URL in a header is neither used nor fetched.
func TestKeysInTheHeaderAreIgnored(t *testing.T) {
	w := newService()
	evil, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, _ := evil.PublicKey.Bytes()
	jwk := map[string]string{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	der, _ := x509.MarshalPKIXPublicKey(evil.Public())
	for name, value := range map[string]any{
		"jwk": jwk, "jku": "http://127.0.0.1:1/jwks.json", "x5u": "http://127.0.0.1:1/c.pem",
		"x5c": []string{base64.StdEncoding.EncodeToString(der)}, "x5t": "x", "x5t#S256": "x",
	} {
		for _, kid := range []string{w.kid("ES256"), "evil"} {
			w.refused(t, name, w.forge(header("ES256", kid, name, value), w.claims(nil), with("ES256", evil)))
		}
		w.accepted(t, "a genuine signature beside "+name,
			w.forge(header("ES256", w.kid("ES256"), name, value), w.claims(nil), w.genuine()))
	}
}

// An attacker who invents key ids causes one fetch, not one for each token.
func TestInventedKeyIDsCauseOneFetch(t *testing.T) {
	w := newService()
	for i := range 100 {
		w.refused(t, "invented kid", w.forge(header("ES256", strings.Repeat("x", i+1)), w.claims(nil), w.genuine()))
	}
	if *w.fetches > 2 { // the set is seconds old, so an unknown id is unknown
		t.Errorf("got %d fetches, want at most 2", *w.fetches)
	}
}

func TestAnAccessTokenHasOneSpelling(t *testing.T) {
	w := newService()
	good := w.sign(t, "ES256", w.access())
	w.accepted(t, "the token itself", good)
	part := strings.Split(good, ".")
	for what, text := range map[string]string{
		"empty": "", "dots": "..", "two segments": part[0] + "." + part[1], "four segments": good + ".x", "five": good + "..",
		"leading dot": "." + good, "no signature": part[0] + "." + part[1] + ".",
		"leading space": " " + good, "trailing space": good + " ", "trailing newline": good + "\n", "trailing NUL": good + "\x00",
		"inner newline": part[0] + "." + part[1][:10] + "\n" + part[1][10:] + "." + part[2], "carriage return": good + "\r",
		"newline between": part[0] + ".\n" + part[1] + "." + part[2], "padding": good + "=", "padding 2": good + "==",
		"header padded": part[0] + "=." + part[1] + "." + part[2], "bearer": "Bearer " + good,
		"quoted": `"` + good + `"`, "twice": good + good, "too long": good + strings.Repeat("A", 8<<10),
		"JSON serialisation": `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`,
	} {
		w.refused(t, what, text)
	}
	// The last character of a segment may have spare bits; set, they are a second spelling of the same bytes.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range good {
		b := []byte(good)
		at := strings.IndexByte(alphabet, b[i])
		if at < 0 {
			continue
		}
		for bit := range 6 {
			b[i] = alphabet[at^1<<bit]
			w.refused(t, "a changed bit", string(b))
		}
		w.refused(t, "a truncated token", good[:i])
	}
}

// A token that is too long is refused before it is parsed, even if it is genuine.
func TestOversizedTokensAreRefused(t *testing.T) {
	w := newService()
	a := w.access()
	a.Custom = json.RawMessage(`{"x":"` + strings.Repeat("x", 2000) + `"}`)
	w.accepted(t, "2 KB of claims", w.sign(t, "RS256", a))
	a.Custom = json.RawMessage(`{"x":"` + strings.Repeat("x", 7000) + `"}`)
	w.refused(t, "7 KB of claims", w.sign(t, "RS256", a))
	w.refused(t, "deep nesting", w.forge(header("ES256", w.kid("ES256")),
		[]byte(strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000)), w.genuine()))
}

// ECDSA signatures are r || s of 32 bytes each (RFC 7518 section 3.4). (r, n-s) verifies too, as everywhere in JOSE. It
// is a second spelling of a token with the same claims: decisions are by jti, so it gains nothing.
func TestECDSASignaturesHaveOneLengthAndTwoSpellings(t *testing.T) {
	w := newService()
	head, payload := header("ES256", w.kid("ES256")), w.claims(nil)
	order := elliptic.P256().Params().N
	genuine := w.genuine()(b64(head) + "." + b64(payload))
	r, s := new(big.Int).SetBytes(genuine[:32]), new(big.Int).SetBytes(genuine[32:])
	raw := func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	text := func(sig []byte) string { return w.forge(head, payload, func(string) []byte { return sig }) }

	other := w.accepted(t, "(r, n-s)", text(raw(r, new(big.Int).Sub(order, s))))
	if other.ID != uuid || other.User != "user-1" {
		t.Errorf("(r, n-s): got %+v, want the same claims", other)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	zero, one := new(big.Int), big.NewInt(1)
	wrong := map[string][]byte{
		"r = 0": raw(zero, s), "s = 0": raw(r, zero), "both 0": raw(zero, zero), "r = n": raw(order, s), "s = n": raw(r, order),
		"both n": raw(order, order), "both 1": raw(one, one), "swapped": raw(s, r), "n - r": raw(new(big.Int).Sub(order, r), s),
		"all ones": bytes.Repeat([]byte{0xff}, 64), "DER": der, "empty": {}, "63 bytes": genuine[:63],
		"65 bytes": append(bytes.Clone(genuine), 0), "leading zero": append([]byte{0}, genuine...), "r only": genuine[:32],
		"twice": append(bytes.Clone(genuine), genuine...), "DER cut to 64": der[:64],
	}
	for bit := range 8 * len(genuine) {
		flipped := bytes.Clone(genuine)
		flipped[bit/8] ^= 1 << (bit % 8)
		w.refused(t, "a flipped bit", text(flipped))
	}
	for what, sig := range wrong {
		w.refused(t, what, text(sig))
	}
	sum := new(big.Int).Add(r, order)
	if sum.BitLen() <= 256 { // r + n rarely fits into 32 bytes
		w.refused(t, "r + n", text(raw(sum, s)))
	}
	w.refused(t, "r + n in 33 bytes", text(append(sum.FillBytes(make([]byte, 33)), genuine[32:]...)))
}

func TestSegmentsOfTwoTokensDoNotMix(t *testing.T) {
	w := newService()
	b := w.access()
	b.User = "user-2"
	one, two := strings.Split(w.sign(t, "ES256", w.access()), "."), strings.Split(w.sign(t, "ES256", b), ".")
	other := strings.Split(w.sign(t, "EdDSA", w.access()), ".")
	w.refused(t, "swapped payload", one[0]+"."+two[1]+"."+one[2])
	w.refused(t, "swapped signature", one[0]+"."+one[1]+"."+two[2])
	w.refused(t, "swapped header", other[0]+"."+one[1]+"."+one[2])
	w.refused(t, "swapped segments", one[1]+"."+one[0]+"."+one[2])
	w.refused(t, "nested JWT", w.forge(header("ES256", w.kid("ES256"), "cty", "JWT"), []byte(strings.Join(one, ".")), w.genuine()))
}

// Law 8: without keys a token is neither accepted nor refused.
func TestUnavailableKeysAreNotABadToken(t *testing.T) {
	w := newService()
	w.ring = keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return nil, errors.New("source down") })
	_, err := w.verifier().Verify(t.Context(), w.sign(t, "ES256", w.access()))
	if !errors.Is(err, keys.ErrUnavailable) || errors.Is(err, token.ErrBadAccess) {
		t.Errorf("got %v, want %v", err, keys.ErrUnavailable)
	}
}

func TestSigningWithTheWrongKindOfKeyIsAnError(t *testing.T) {
	w := newService()
	key := w.signing["EdDSA"]
	key.Alg = "ES256"
	if text, err := w.access().Sign(key); err == nil || text.Reveal() != "" {
		t.Errorf("ES256 with an Ed25519 key: got %v, want an error and no token", err)
	}
}
