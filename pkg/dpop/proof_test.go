package dpop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const uri = "https://auth.example.com/jwt/refresh"

func bases(t testing.TB, urls ...string) (all []dpop.Base) {
	t.Helper()
	for _, one := range urls {
		base, err := dpop.ParseBase(one)
		if err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		all = append(all, base)
	}
	return all
}

// presented is a request to uri with proofs.
func presented(t testing.TB, proofs ...string) dpop.Presented {
	t.Helper()
	return dpop.Presented{Proofs: proofs, Method: "POST", Path: "/jwt/refresh", Bases: bases(t, "https://auth.example.com")}
}

func TestAProofOfEachAlgorithmNamesItsKey(t *testing.T) {
	for _, algorithm := range dpop.Algorithms() {
		key := fixture.NewProofKey(algorithm)
		p, err := presented(t, key.Prove("POST", uri, fixture.Noon())).Verify()
		if err != nil || p.Key.String() != key.Thumbprint || p.Key.IsZero() || !p.Recent(fixture.Noon()) {
			t.Errorf("%s: got %s, %v, want the key %s", algorithm, p.Key, err, key.Thumbprint)
		}
		if read, ok := dpop.ParseThumbprint(key.Thumbprint); !ok || read != p.Key {
			t.Errorf("%s: read %s, %t, want the same key", algorithm, read, ok)
		}
	}
}

func TestABadProofIsRefusedWithTheCheckThatFailed(t *testing.T) {
	key, other, rsa := fixture.NewProofKey("ES256"), fixture.NewProofKey("ES256"), fixture.NewProofKey("RS256")
	now := fixture.Noon()
	prove := func(claims map[string]any) []string { return []string{key.Prove("POST", uri, now, claims)} }
	header := func(name string, value any) []string {
		return []string{key.WithHeader(name, value).Prove("POST", uri, now)}
	}
	jwk := func(name string, value any) []string {
		changed := map[string]any{name: value}
		for member, value := range key.Header["jwk"].(map[string]any) {
			if _, replaced := changed[member]; !replaced {
				changed[member] = value
			}
		}
		return header("jwk", changed)
	}
	good := prove(nil)[0]
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		proofs []string
		reason string
	}{
		"no header":              {nil, "one DPoP header"},
		"an empty header":        {[]string{""}, "must be a JWT"},
		"the header twice":       {[]string{good, good}, "one DPoP header"},
		"two in one header":      {[]string{good + ", " + good}, "must be a JWT"},
		"not a JWT":              {[]string{"proof"}, "must be a JWT"},
		"a line break":           {[]string{good + "\n"}, "characters"},
		"too long":               {prove(map[string]any{"jti": strings.Repeat("j", 4096)}), "4096 characters"},
		"padded base64":          {[]string{good + "=="}, "must be a JWT"},
		"a changed payload":      {[]string{parts[0] + "." + parts[1][:8] + "X" + parts[1][9:] + "." + parts[2]}, "must be a JWT"},
		"no signature":           {[]string{parts[0] + "." + parts[1] + "."}, "must be a JWT"},
		"alg none":               {header("alg", "none"), "must be a JWT"},
		"alg HS256":              {[]string{strings.Replace(good, parts[0], header("alg", "HS256x")[0][:len(parts[0])], 1)}, "must be a JWT"},
		"another key's jwk":      {[]string{key.WithHeader("jwk", other.Header["jwk"]).Prove("POST", uri, now)}, "must be a JWT"},
		"an RSA jwk for ES256":   {[]string{key.WithHeader("jwk", rsa.Header["jwk"]).Prove("POST", uri, now)}, "key of its alg"},
		"typ JWT":                {header("typ", "JWT"), "typ"},
		"no typ":                 {header("typ", nil), "typ"},
		"typ at+jwt":             {header("typ", "at+jwt"), "typ"},
		"crit":                   {header("crit", []string{"b64"}), "crit"},
		"no jwk":                 {header("jwk", nil), "as jwk"},
		"a jwk that is a string": {header("jwk", "key"), "as jwk"},
		"kid in place of jwk":    {[]string{key.WithHeader("jwk", nil).WithHeader("kid", key.Thumbprint).Prove("POST", uri, now)}, "as jwk"},
		"a private jwk":          {jwk("d", "AAAA"), "private"},
		"a private member, null": {jwk("d", nil), "private"},
		"a symmetric member":     {jwk("k", "AAAA"), "private"},
		"another curve":          {jwk("crv", "P-384"), "key of its alg"},
		"a point off the curve":  {jwk("y", strings.Repeat("A", 43)), "key of its alg"},
		"no jti":                 {prove(map[string]any{"jti": nil}), "jti"},
		"an empty jti":           {prove(map[string]any{"jti": ""}), "jti"},
		"a jti that is a number": {prove(map[string]any{"jti": 7}), "jti"},
		"no iat":                 {prove(map[string]any{"iat": nil}), "iat"},
		"an iat that is text":    {prove(map[string]any{"iat": "1768478400"}), "iat"},
		"no htm":                 {prove(map[string]any{"htm": nil}), "htm"},
		"another method":         {prove(map[string]any{"htm": "GET"}), "htm"},
		"the method in small":    {prove(map[string]any{"htm": "post"}), "htm"},
		"no htu":                 {prove(map[string]any{"htu": nil}), "htu"},
		"an htu that is a list":  {prove(map[string]any{"htu": []string{uri}}), "htu"},
	} {
		got, err := presented(t, c.proofs...).Verify()
		if !errors.Is(err, dpop.ErrInvalid) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: got %s, %v, want %v with %q", name, got.Key, err, dpop.ErrInvalid, c.reason)
		}
		if err != nil && (strings.Contains(err.Error(), key.Thumbprint) || strings.Contains(err.Error(), "eyJ")) {
			t.Errorf("%s: %v quotes the proof", name, err)
		}
	}
}

func TestAProofNamesThePublicURLOfItsRequest(t *testing.T) {
	const path = "/jwt/refresh/a%2Fb%20c"
	for name, c := range map[string]struct {
		base, path, htu string
		want            bool
	}{
		"the URL":                        {"https://a.example", "/jwt/refresh", "https://a.example/jwt/refresh", true},
		"scheme and host in capitals":    {"https://a.example", "/jwt/refresh", "HTTPS://A.Example/jwt/refresh", true},
		"the port of the scheme":         {"https://a.example", "/jwt/refresh", "https://a.example:443/jwt/refresh", true},
		"the port of the other scheme":   {"https://a.example", "/jwt/refresh", "https://a.example:80/jwt/refresh", false},
		"a query and a fragment":         {"https://a.example", "/jwt/refresh", "https://a.example/jwt/refresh?a=b#c", true},
		"dot segments":                   {"https://a.example", "/jwt/refresh", "https://a.example/x/../jwt/./refresh", true},
		"more dots than segments":        {"https://a.example", "/jwt/refresh", "https://a.example/../../jwt/refresh", true},
		"dots alone":                     {"https://a.example/", "", "https://a.example/x/..", true},
		"a request of dots":              {"https://a.example", "..", "https://a.example/jwt/refresh", false},
		"encoded dot segments":           {"https://a.example", "/jwt/refresh", "https://a.example/x/%2E%2e/jwt/refresh", true},
		"an escaped letter":              {"https://a.example", "/jwt/refresh", "https://a.example/jwt/%72efresh", true},
		"a slash at the end":             {"https://a.example", "/jwt/refresh", "https://a.example/jwt/refresh/", true},
		"a slash at the request's end":   {"https://a.example", "/jwt/refresh/", "https://a.example/jwt/refresh", true},
		"two slashes at the end":         {"https://a.example", "/jwt/refresh", "https://a.example/jwt/refresh//", false},
		"a base with a slash":            {"https://a.example/", "/jwt/refresh", "https://a.example/jwt/refresh", true},
		"another host":                   {"https://a.example", "/jwt/refresh", "https://b.example/jwt/refresh", false},
		"a host that begins alike":       {"https://a.example", "/jwt/refresh", "https://a.example.org/jwt/refresh", false},
		"another port":                   {"https://a.example", "/jwt/refresh", "https://a.example:8443/jwt/refresh", false},
		"another scheme":                 {"https://a.example", "/jwt/refresh", "http://a.example/jwt/refresh", false},
		"another path":                   {"https://a.example", "/jwt/refresh", "https://a.example/jwt/revoke", false},
		"the path in capitals":           {"https://a.example", "/jwt/refresh", "https://a.example/JWT/refresh", false},
		"no path":                        {"https://a.example", "/jwt/refresh", "https://a.example", false},
		"a path alone":                   {"https://a.example", "/jwt/refresh", "/jwt/refresh", false},
		"user information":               {"https://a.example", "/jwt/refresh", "https://u@a.example/jwt/refresh", false},
		"user information that misleads": {"https://a.example", "/jwt/refresh", "https://a.example@b.example/jwt/refresh", false},
		"a backslash":                    {"https://a.example", "/jwt/refresh", `https://a.example\jwt\refresh`, false},
		"not a URI":                      {"https://a.example", "/jwt/refresh", "https://a.example/%zz", false},
		"a stage":                        {"https://id.execute-api.eu-north-1.amazonaws.com/dev", "/jwt/refresh", "https://id.execute-api.eu-north-1.amazonaws.com/dev/jwt/refresh", true},
		"without the stage":              {"https://id.execute-api.eu-north-1.amazonaws.com/dev", "/jwt/refresh", "https://id.execute-api.eu-north-1.amazonaws.com/jwt/refresh", false},
		"another stage":                  {"https://id.execute-api.eu-north-1.amazonaws.com/dev", "/jwt/refresh", "https://id.execute-api.eu-north-1.amazonaws.com/prod/jwt/refresh", false},
		"a base path that is handed on":  {"https://a.example/auth", "/auth/jwt/refresh", "https://a.example/auth/jwt/refresh", true},
		"without the base path":          {"https://a.example/auth", "/jwt/refresh", "https://a.example/jwt/refresh", false},
		"a base path that begins alike":  {"https://a.example/auth", "/authority/refresh", "https://a.example/authority/refresh", false},
		"IPv6 and a port":                {"http://[::1]:3000", "/jwt/refresh", "http://[::1]:3000/jwt/refresh", true},
		"an id":                          {"https://a.example", path, "https://a.example" + path, true},
		"an id in small hex":             {"https://a.example", path, "https://a.example/jwt/refresh/a%2fb%20c", true},
		"an id that arrives decoded":     {"https://a.example", "/jwt/refresh/a/b c", "https://a.example" + path, true},
		"another id":                     {"https://a.example", path, "https://a.example/jwt/refresh/a%2Fb", false},
		"a percent sign, decoded":        {"https://a.example", "/jwt/refresh/100%", "https://a.example/jwt/refresh/100%25", true},
		"a percent sign":                 {"https://a.example", "/jwt/refresh/100%25", "https://a.example/jwt/refresh/100%25", true},
		"decoded twice":                  {"https://a.example", "/jwt/refresh/%2541", "https://a.example/jwt/refresh/A", false},
	} {
		p := presented(t, fixture.NewProofKey("ES256").Prove("POST", c.htu, fixture.Noon()))
		p.Bases, p.Path = bases(t, "https://elsewhere.example/x", c.base), c.path
		if _, err := p.Verify(); (err == nil) != c.want {
			t.Errorf("%s: %s for %s below %s: got %v, want it accepted: %t", name, c.htu, c.path, c.base, err, c.want)
		}
	}
}

func TestAPublicURLHasNoQuery(t *testing.T) {
	for _, bad := range []string{"", "a.example", "https://", "ftp://a.example", "https://a.example?x", "https://a.example/#x", "https://u@a.example", "https://a.example/%zz", "mailto:a@a.example"} {
		if base, err := dpop.ParseBase(bad); !errors.Is(err, dpop.ErrBase) {
			t.Errorf("%q: got %v, %v, want %v", bad, base, err, dpop.ErrBase)
		}
	}
}

func TestANonceLivesFiveMinutes(t *testing.T) {
	ours := fixture.DerivedKeys()
	set, err := ours.TokenRing().Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	active, now := ours.TokenKey(), fixture.Noon()
	nonce := dpop.Nonce(active, now)
	rotated, err := ours.RotateTokenKey().TokenRing().Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := fixture.NewKeys("EdDSA").TokenRing().Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := active
	forged.Secret[0] ^= 1
	for name, c := range map[string]struct {
		nonce any
		set   *keys.TokenSet
		after time.Duration
		want  bool
	}{
		"at once":                  {nonce, set, 0, true},
		"after five minutes":       {nonce, set, 5 * time.Minute, true},
		"later":                    {nonce, set, 5*time.Minute + time.Second, false},
		"by a clock behind":        {nonce, set, -time.Minute, true},
		"under a retired key":      {nonce, rotated, time.Minute, true},
		"under other keys":         {nonce, foreign, 0, false},
		"forged":                   {dpop.Nonce(forged, now), set, 0, false},
		"cut off":                  {nonce[:len(nonce)-1], set, 0, false},
		"with another time":        {nonce[:8] + "B" + nonce[9:], set, 0, false},
		"none":                     {nil, set, 0, false},
		"a number":                 {7, set, 0, false},
		"an empty one":             {"", set, 0, false},
		"a refresh token's prefix": {"srt_", set, 0, false},
	} {
		proof, err := presented(t, fixture.NewProofKey("ES256").Prove("POST", uri, now, map[string]any{"nonce": c.nonce})).Verify()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := proof.HasNonce(c.set, now.Add(c.after)); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}
