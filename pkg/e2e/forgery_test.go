package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
)

// Access tokens as an attacker would make them: everything but the private key is right.

// assemble writes a JWT from a genuine one with some members changed; a nil value removes one.
func assemble(t testing.TB, access string, head, claims map[string]any, sign func(signed string) []byte) string {
	t.Helper()
	j := parseJWT(t, access)
	for object, changes := range map[*map[string]any]map[string]any{&j.head: head, &j.claims: claims} {
		maps.Copy(*object, changes)
		maps.DeleteFunc(*object, func(_ string, value any) bool { return value == nil })
	}
	signed := encode([]byte(jsonOf(j.head))) + "." + encode([]byte(jsonOf(j.claims)))
	return signed + "." + encode(sign(signed))
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// signES256 signs with a key that nobody published.
func signES256(t testing.TB) func(string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return func(signed string) []byte {
		hash := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
		if err != nil {
			t.Error(err)
			return nil
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	}
}

func forge(t testing.TB, access string, claims map[string]any) string {
	t.Helper()
	return assemble(t, access, nil, claims, signES256(t))
}

func unsigned(t testing.TB, access string) string {
	t.Helper()
	return assemble(t, access, map[string]any{"alg": "none"}, nil, func(string) []byte { return nil })
}

// hmacBy signs with HS256 under bytes that everybody knows.
func hmacBy(t testing.TB, access string, secret []byte) string {
	t.Helper()
	return assemble(t, access, map[string]any{"alg": "HS256"}, nil, func(signed string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	})
}

// forgeries is bad access tokens by name, all modelled on a good one.
func forgeries(t testing.TB, access string) map[string]string {
	t.Helper()
	parts := strings.Split(access, ".")
	genuine := func(string) []byte { return parseJWT(t, access).signature }
	bad := map[string]string{
		"signed with another key":  forge(t, access, nil),
		"alg none":                 unsigned(t, access),
		"alg none, signature kept": assemble(t, access, map[string]any{"alg": "none"}, nil, genuine),
		"alg None":                 assemble(t, access, map[string]any{"alg": "None"}, nil, genuine),
		"a claim changed":          assemble(t, access, nil, map[string]any{"sub": "somebody"}, genuine),
		"exp moved":                assemble(t, access, nil, map[string]any{"exp": 9999999999}, genuine),
		"exp removed":              forge(t, access, map[string]any{"exp": nil}),
		"another kid":              assemble(t, access, map[string]any{"kid": "nobody"}, nil, signES256(t)),
		"no kid":                   assemble(t, access, map[string]any{"kid": nil}, nil, signES256(t)),
		"a key of its own (jwk)":   assemble(t, access, map[string]any{"jwk": map[string]any{"kty": "EC"}}, nil, signES256(t)),
		"typ JWT":                  assemble(t, access, map[string]any{"typ": "JWT"}, nil, genuine),
		"alg ES384":                assemble(t, access, map[string]any{"alg": "ES384"}, nil, signES256(t)),
		"alg RS256":                assemble(t, access, map[string]any{"alg": "RS256"}, nil, signES256(t)),
		"alg EdDSA":                assemble(t, access, map[string]any{"alg": "EdDSA"}, nil, signES256(t)),
		"an all-zero signature":    assemble(t, access, nil, nil, func(string) []byte { return make([]byte, 64) }),
		"no signature":             parts[0] + "." + parts[1] + ".",
		"two parts":                parts[0] + "." + parts[1],
		"four parts":               access + ".e30",
		"truncated":                access[:len(access)-1],
		"padded":                   access + "=",
		"a longer one":             access + "AA",
		"head only":                parts[0],
		"dots only":                "..",
		"a very long one":          access + strings.Repeat("A", 6000),
	}
	for _, key := range jwks(t) {
		name, _ := key["kid"].(string)
		bad["HS256 with public x of "+name] = hmacBy(t, access, decode(t, key["x"]))
		point := append(append([]byte{4}, decode(t, key["x"])...), decode(t, key["y"])...)
		bad["HS256 with the public point of "+name] = hmacBy(t, access, point)
		bad["HS256 with the JWK of "+name] = hmacBy(t, access, []byte(jsonOf(key)))
		if name != parseJWT(t, access).head["kid"] {
			bad["swapped kid "+name] = assemble(t, access, map[string]any{"kid": name}, nil, genuine)
		}
	}
	return bad
}
