package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// jwt is an access token taken apart.
type jwt struct {
	head, claims map[string]any
	signed       string
	signature    []byte
}

func parseJWT(t testing.TB, text string) jwt {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("an access token has %d parts", len(parts))
	}
	var j jwt
	for i, into := range []*map[string]any{&j.head, &j.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			t.Fatalf("part %d of an access token is no JSON", i)
		}
	}
	j.signed = parts[0] + "." + parts[1]
	var err error
	if j.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatal(err)
	}
	return j
}

// jwks reads the published keys.
func jwks(t testing.TB) []map[string]any {
	t.Helper()
	a := home.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).want(t, 200)
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(a.raw), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("%s: no keys", a)
	}
	return set.Keys
}

func decode(t testing.TB, value any) []byte {
	t.Helper()
	text, _ := value.(string)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAnAccessTokenVerifiesWithThePublishedKeyThatItNames(t *testing.T) {
	t.Parallel()
	j := parseJWT(t, home.issue(t, fresh(), home.demo.web).access)
	wantKeys(t, j.head, "alg", "kid", "typ")
	if j.head["alg"] != "ES256" || j.head["typ"] != "at+jwt" {
		t.Errorf("ES256 by default, header `typ: at+jwt`; got %v", j.head)
	}
	for _, key := range jwks(t) {
		if key["kid"] != j.head["kid"] {
			continue
		}
		if key["kty"] != "EC" || key["crv"] != "P-256" || len(decode(t, key["x"])) != 32 || len(decode(t, key["y"])) != 32 {
			t.Fatalf("no ES256 key: %v", key)
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, decode(t, key["x"]), decode(t, key["y"])))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256([]byte(j.signed))
		r, s := new(big.Int).SetBytes(j.signature[:32]), new(big.Int).SetBytes(j.signature[32:])
		if len(j.signature) != 64 || !ecdsa.Verify(public, hash[:], r, s) {
			t.Error("the signature does not verify (RFC 7518 section 3.4)")
		}
		return
	}
	t.Errorf("a key is published in JWKS before it signs; %v is not there", j.head["kid"])
}

func TestAnAccessTokenIsBoundToItsSession(t *testing.T) {
	t.Parallel()
	user := fresh()
	body := jsonOf(map[string]any{
		"userId": user, "applicationId": home.demo.web, "scope": "read write", "claims": map[string]any{"plan": "gold", "n": map[string]any{"a": []int{1}}},
	})
	a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
	first := parseJWT(t, a.data("accessToken")).claims
	want := []string{"iss", "sub", "aud", "client_id", "tid", "sid", "jti", "gen", "iat", "nbf", "exp", "scope", "plan", "n"}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(first)); !slices.Equal(got, want) {
		t.Errorf("claims are %q, want %q", got, want)
	}
	for key, value := range map[string]any{
		"iss": home.creds["BASE_URL"], "sub": user, "client_id": home.demo.web, "tid": home.demo.id, "sid": a.data("refreshTokenId"),
		"gen": 0.0, "scope": "read write", "plan": "gold",
	} {
		if first[key] != value {
			t.Errorf("%s is %v, want %v", key, first[key], value)
		}
	}
	if aud := first["aud"]; aud != home.demo.web && jsonOf(aud) != jsonOf([]string{home.demo.web}) {
		t.Errorf("`aud` (the application); got %v", aud)
	}
	issued, _ := first["iat"].(float64)
	expires, _ := first["exp"].(float64)
	if expires-issued != 900 || first["nbf"] == nil {
		t.Errorf("accessTokenSeconds 900; got %v", expires-issued)
	}
	second := parseJWT(t, home.present(t, a.data("refreshToken")).want(t, 200).data("accessToken")).claims
	if second["jti"] == first["jti"] || second["gen"] != 1.0 || second["sid"] != first["sid"] || second["plan"] != "gold" {
		t.Errorf("after a refresh: %v; before: %v", second, first)
	}
}

func TestWithoutClaimsAndScopeTheRegisteredOnesAreThere(t *testing.T) {
	t.Parallel()
	claims := parseJWT(t, home.issue(t, fresh(), home.demo.web).access).claims
	delete(claims, "scope")
	wantKeys(t, claims, "iss", "sub", "aud", "client_id", "tid", "sid", "jti", "gen", "iat", "nbf", "exp")
}

func TestJWKSPublishesPublicKeysToAnyone(t *testing.T) {
	t.Parallel()
	a := home.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).want(t, 200)
	if strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		t.Error("`Cache-Control: no-store` on everything but JWKS and metadata")
	}
	wantKeys(t, a.body, "keys")
	seen := map[any]bool{}
	for _, key := range jwks(t) {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := key[private]; there {
				t.Errorf("JWKS functions can read public keys only; %q is published", private)
			}
		}
		if kid, _ := key["kid"].(string); kid == "" || seen[key["kid"]] || key["alg"] == nil {
			t.Errorf("a key without an id or algorithm of its own: %v", key)
		}
		seen[key["kid"]] = true
	}
}
