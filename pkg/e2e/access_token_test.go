package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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
		t.Fatalf("an access token: got %d parts, want 3", len(parts))
	}
	var j jwt
	for i, into := range []*map[string]any{&j.head, &j.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			t.Fatalf("part %d of an access token: want JSON", i)
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
		t.Fatalf("%s: want keys", a)
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
	equal(t, "alg", j.head["alg"], "ES256")
	equal(t, "typ", j.head["typ"], "at+jwt")
	for _, key := range jwks(t) {
		if key["kid"] != j.head["kid"] {
			continue
		}
		if key["kty"] != "EC" || key["crv"] != "P-256" || len(decode(t, key["x"])) != 32 || len(decode(t, key["y"])) != 32 {
			t.Fatalf("got the key %v, want one for ES256", key)
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, decode(t, key["x"]), decode(t, key["y"])))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256([]byte(j.signed))
		r, s := new(big.Int).SetBytes(j.signature[:32]), new(big.Int).SetBytes(j.signature[32:])
		if len(j.signature) != 64 || !ecdsa.Verify(public, hash[:], r, s) {
			t.Error("want a signature by RFC 7518 section 3.4")
		}
		return
	}
	t.Errorf("want key %v published", j.head["kid"])
}

func TestAnAccessTokenIsBoundToItsSession(t *testing.T) {
	t.Parallel()
	user := fresh()
	body := jsonOf(map[string]any{
		"userId": user, "applicationId": home.demo.web, "scope": "read write", "claims": map[string]any{"plan": "gold", "n": map[string]any{"a": []int{1}}},
	})
	a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
	first := parseJWT(t, a.data("accessToken")).claims
	wantKeys(t, first, "iss", "sub", "aud", "client_id", "tid", "sid", "jti", "sv", "iat", "nbf", "exp", "scope", "plan", "n")
	for key, value := range map[string]any{
		"iss": home.creds["BASE_URL"] + "/t/" + home.demo.id, "sub": user, "client_id": home.demo.web, "tid": home.demo.id, "sid": a.data("refreshTokenId"),
		"sv": 0.0, "scope": "read write", "plan": "gold",
	} {
		equal(t, key, first[key], value)
	}
	if aud := first["aud"]; aud != home.demo.web && jsonOf(aud) != jsonOf([]string{home.demo.web}) {
		t.Errorf("aud: got %v, want the application", aud)
	}
	issued, _ := first["iat"].(float64)
	expires, _ := first["exp"].(float64)
	if expires-issued != 900 || first["nbf"] == nil {
		t.Errorf("got a life of %v seconds and nbf %v, want 900 and an nbf", expires-issued, first["nbf"])
	}
	second := parseJWT(t, home.present(t, a.data("refreshToken")).want(t, 200).data("accessToken")).claims
	if second["jti"] == first["jti"] || second["sv"] != 0.0 || second["sid"] != first["sid"] || second["plan"] != "gold" {
		t.Errorf("got %v after a refresh, want another jti and else the claims of before: %v", second, first)
	}
}

func TestWithoutClaimsAndScopeTheRegisteredOnesAreThere(t *testing.T) {
	t.Parallel()
	claims := parseJWT(t, home.issue(t, fresh(), home.demo.web).access).claims
	delete(claims, "scope")
	wantKeys(t, claims, "iss", "sub", "aud", "client_id", "tid", "sid", "jti", "sv", "iat", "nbf", "exp")
}

func TestJWKSPublishesPublicKeysToAnyone(t *testing.T) {
	t.Parallel()
	a := home.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).want(t, 200)
	if got := a.header.Get("Cache-Control"); strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control: got %s, want it cacheable", got)
	}
	wantKeys(t, a.body, "keys")
	seen := map[any]bool{}
	for _, key := range jwks(t) {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := key[private]; there {
				t.Errorf("got the private member %q published", private)
			}
		}
		if kid, _ := key["kid"].(string); kid == "" || seen[key["kid"]] || key["alg"] == nil {
			t.Errorf("got the key %v, want an id of its own and an algorithm", key)
		}
		seen[key["kid"]] = true
	}
}
