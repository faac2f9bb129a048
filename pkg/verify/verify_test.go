package verify_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

func TestAnAccessTokenForTheAPISaysWhoCalls(t *testing.T) {
	for alg, k := range keysOf {
		s := newServer(t, k())
		got, err := s.verifier(t, nil).Verify(t.Context(), s.sign(func(a *token.Access) { a.Custom = json.RawMessage(`{"plan":"pro"}`) }))
		want := verify.Claims{
			TenantID: "demo", UserID: "alice", ApplicationID: "web", SessionID: sid, TokenID: jti, Audience: []string{"web", notes},
			Scope: "read write", IssuedAt: fixture.Noon(), ExpiresAt: fixture.Noon().Add(15 * time.Minute), Custom: json.RawMessage(`{"plan":"pro"}`),
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", alg, got, err, want)
		}
		if !got.HasScope("read") || got.HasScope("rea") || got.HasScope("") || got.HasScope("read write") {
			t.Errorf("%s: got the scopes of %q wrong", alg, got.Scope)
		}
	}
}

// Law 6: a verifier that checks issuer and audience never takes one tenant's token for another's.
func TestATokenForSomebodyElseIsRefused(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	other := func(a *token.Access) { a.Tenant, a.Issuer = "other", issuer.Service(s.URL).Of("other") }
	for name, c := range map[string]struct {
		change func(*token.Access)
		config func(*verify.Config)
		want   error
	}{
		"a good token":              {nil, nil, nil},
		"tenant other":              {other, nil, verify.ErrInvalid},
		"tenant other, named":       {other, func(c *verify.Config) { c.Tenants = []string{"demo", "other"} }, nil},
		"tenant other, named alone": {nil, func(c *verify.Config) { c.Tenants = []string{"other"} }, verify.ErrInvalid},
		"tenant other, any":         {other, func(c *verify.Config) { c.Tenants, c.AnyTenant = nil, true }, nil},
		"the tenant in tid alone":   {func(a *token.Access) { a.Tenant = "other" }, nil, verify.ErrInvalid},
		"the tenant in iss alone":   {func(a *token.Access) { a.Issuer = s.URL + "/t/other" }, nil, verify.ErrInvalid},
		"the bare issuer":           {func(a *token.Access) { a.Issuer = s.URL }, nil, verify.ErrInvalid},
		"another issuer":            {func(a *token.Access) { a.Issuer = "https://evil.example/t/demo" }, nil, verify.ErrInvalid},
		"no issuer":                 {func(a *token.Access) { a.Issuer = "" }, nil, verify.ErrInvalid},
		"of the application alone":  {func(a *token.Access) { a.Audience = token.Audience{"web"} }, nil, verify.ErrInvalid},
		"an API of the application": {func(a *token.Access) { a.Audience = token.Audience{"web"} }, func(c *verify.Config) { c.Audience = "web" }, nil},
		"a longer audience":         {func(a *token.Access) { a.Audience = token.Audience{"web", notes + "/"} }, nil, verify.ErrInvalid},
		"narrowed to this API":      {func(a *token.Access) { a.Narrowed, a.Audience = true, token.Audience{notes} }, nil, nil},
		"narrowed to another one":   {func(a *token.Access) { a.Narrowed, a.Audience = true, token.Audience{"https://files.example"} }, nil, verify.ErrInvalid},
		"bound to a key":            {func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: "x"} }, nil, verify.ErrUnbound},
		"bound to no key":           {func(a *token.Access) { a.Confirmation = &token.Confirmation{} }, nil, verify.ErrUnbound},
		"no session":                {func(a *token.Access) { a.Session = "" }, nil, verify.ErrInvalid},
		"a second before its end":   {func(a *token.Access) { a.Expires -= 899 }, nil, nil},
		"at its end":                {func(a *token.Access) { a.Expires -= 900 }, nil, verify.ErrExpired},
		"expired for 59 s, leeway":  {func(a *token.Access) { a.Expires -= 959 }, func(c *verify.Config) { c.Leeway = time.Minute }, nil},
		"expired for 60 s, leeway":  {func(a *token.Access) { a.Expires -= 960 }, func(c *verify.Config) { c.Leeway = time.Minute }, verify.ErrExpired},
		"without exp":               {func(a *token.Access) { a.Expires = 0 }, nil, verify.ErrInvalid},
		"from the future":           {func(a *token.Access) { a.IssuedAt += 61; a.Expires += 61 }, nil, verify.ErrInvalid},
		"not valid yet":             {func(a *token.Access) { a.NotBefore += 61 }, nil, verify.ErrInvalid},
		"by a clock a minute ahead": {func(a *token.Access) { a.IssuedAt += 60; a.NotBefore += 60 }, nil, nil},
	} {
		claims, err := s.verifier(t, c.config).Verify(t.Context(), s.sign(c.change))
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err != nil && claims.UserID != "" {
			t.Errorf("%s: got %+v, %v, want %v", name, claims, err, c.want)
		}
		if err != nil && !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %v, want one of ErrInvalid", name, err)
		}
	}
}

// RFC 8725 sections 2 and 3. pkg/token attacks the same code at greater length.
func TestAForgedTokenIsRefused(t *testing.T) {
	for alg, k := range keysOf {
		s := newServer(t, k())
		v, own, foreign := s.verifier(t, nil), s.SigningKey(), foreignKey()
		good := map[string]any{"alg": alg, "typ": "at+jwt", "kid": own.ID}
		with := func(name string, value any) map[string]any {
			header := map[string]any{name: value}
			for n, other := range good {
				if _, set := header[n]; !set {
					header[n] = other
				}
			}
			if value == nil {
				delete(header, name)
			}
			return header
		}
		der := fixture.Must(x509.MarshalPKIXPublicKey(own.Signer.Public()))
		block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		point := foreign.PublicKey
		jwk := map[string]any{"kty": "EC", "crv": "P-256", "x": encoded(&point)[0], "y": encoded(&point)[1], "kid": own.ID}
		genuine := s.sign(nil)
		part := strings.Split(genuine, ".")
		for name, text := range map[string]string{
			"a foreign key":             forge(t, with("alg", "ES256"), s.access(nil), "ES256", foreign),
			"a foreign key, its jwk":    forge(t, with("jwk", jwk), s.access(nil), "ES256", foreign),
			"a foreign key, its jku":    forge(t, with("jku", s.URL+"/evil"), s.access(nil), "ES256", foreign),
			"a foreign key, own kid":    forge(t, with("kid", "evil"), s.access(nil), "ES256", foreign),
			"alg none":                  forge(t, with("alg", "none"), s.access(nil), "none", jwt.UnsafeAllowNoneSignatureType),
			"alg None":                  forge(t, with("alg", "None"), s.access(nil), "none", jwt.UnsafeAllowNoneSignatureType),
			"HS256 with the public key": forge(t, with("alg", "HS256"), s.access(nil), "HS256", block),
			"HS256 with its DER":        forge(t, with("alg", "HS256"), s.access(nil), "HS256", der),
			"HS256 with the key set":    forge(t, with("alg", "HS256"), s.access(nil), "HS256", []byte(s.documents["/jwks"])),
			"no kid":                    forge(t, with("kid", nil), s.access(nil), alg, own.Signer),
			"an unknown kid":            forge(t, with("kid", "unknown"), s.access(nil), alg, own.Signer),
			"a kid that is a path":      forge(t, with("kid", "../../jwks"), s.access(nil), alg, own.Signer),
			"a kid that is a list":      forge(t, with("kid", []string{own.ID}), s.access(nil), alg, own.Signer),
			"typ JWT":                   forge(t, with("typ", "JWT"), s.access(nil), alg, own.Signer),
			"no typ":                    forge(t, with("typ", nil), s.access(nil), alg, own.Signer),
			"a proof's typ":             forge(t, with("typ", "dpop+jwt"), s.access(nil), alg, own.Signer),
			"crit":                      forge(t, with("crit", []string{"b64"}), s.access(nil), alg, own.Signer),
			"an empty crit":             forge(t, with("crit", []string{}), s.access(nil), alg, own.Signer),
			"b64 false":                 forge(t, with("b64", false), s.access(nil), alg, own.Signer),
			"oversized":                 forge(t, good, map[string]any{"x": strings.Repeat("x", 9<<10)}, alg, own.Signer),
			"a changed payload":         part[0] + "." + part[1][:10] + "x" + part[1][11:] + "." + part[2],
			"no signature":              part[0] + "." + part[1] + ".",
			"two segments":              part[0] + "." + part[1],
			"a refresh token":           "srt_" + strings.Repeat("A", 200),
			"an API key":                "sak_0123456789abcdef_" + strings.Repeat("A", 43),
			"nothing":                   "",
			"a space before":            " " + genuine,
		} {
			if claims, err := v.Verify(t.Context(), text); !errors.Is(err, verify.ErrInvalid) {
				t.Errorf("%s, %s: got %+v, %v, want ErrInvalid", alg, name, claims, err)
			} else if len(text) > 20 && strings.Contains(err.Error(), text[len(text)-20:]) {
				t.Errorf("%s, %s: %v quotes the token", alg, name, err)
			}
		}
		if _, err := v.Verify(t.Context(), forge(t, good, s.access(nil), alg, own.Signer)); err != nil {
			t.Errorf("%s, a genuine token built the same way: got %v, want none", alg, err)
		}
		if s.asked("/evil") != 0 {
			t.Errorf("%s: the URL in a header was asked", alg)
		}
	}
}

// encoded are the coordinates of a point, as a JWK has them.
func encoded(key *ecdsa.PublicKey) [2]string {
	raw := fixture.Must(key.Bytes())
	return [2]string{base64.RawURLEncoding.EncodeToString(raw[1:33]), base64.RawURLEncoding.EncodeToString(raw[33:])}
}

func TestARequestHasOneCredential(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v, text := s.verifier(t, nil), s.sign(nil)
	for name, c := range map[string]struct {
		authorization []string
		good          bool
	}{
		"Bearer":           {[]string{"Bearer " + text}, true},
		"in small letters": {[]string{"bearer " + text}, true},
		"none":             {nil, false},
		"empty":            {[]string{""}, false},
		"two headers":      {[]string{"Bearer " + text, "Bearer " + text}, false},
		"no scheme":        {[]string{text}, false},
		"Basic":            {[]string{"Basic " + text}, false},
		"DPoP":             {[]string{"DPoP " + text}, false},
		"two in one":       {[]string{"Bearer " + text + ", Bearer " + text}, false},
		"two spaces":       {[]string{"Bearer  " + text}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/notes", nil)
		r.Header["Authorization"] = c.authorization
		if claims, err := v.Request(r); (err == nil) != c.good || err != nil && !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %+v, %v, want it accepted: %t", name, claims, err, c.good)
		}
	}
}

func TestABoundTokenTakesAProofForTheRequest(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	key, other := fixture.NewProofKey("ES256"), fixture.NewProofKey("EdDSA")
	bound := s.sign(func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: key.Thumbprint} })
	now, ath := s.Now(), fixture.ForAccess(bound)
	const url = "https://notes.example/v1/notes/a%2Fb"
	good := key.Prove("GET", url, now, ath)
	for name, c := range map[string]struct {
		authorization string
		proofs        []string
		want          error
	}{
		"a proof":            {"DPoP " + bound, []string{good}, nil},
		"with a query":       {"DPoP " + bound, []string{key.Prove("GET", url+"?page=2", now, ath)}, nil},
		"as Bearer":          {"Bearer " + bound, []string{good}, verify.ErrUnbound},
		"no proof":           {"DPoP " + bound, nil, verify.ErrUnbound},
		"two proofs":         {"DPoP " + bound, []string{good, good}, verify.ErrUnbound},
		"another method":     {"DPoP " + bound, []string{key.Prove("PUT", url, now, ath)}, verify.ErrUnbound},
		"another path":       {"DPoP " + bound, []string{key.Prove("GET", url+"c", now, ath)}, verify.ErrUnbound},
		"another host":       {"DPoP " + bound, []string{key.Prove("GET", "https://evil.example/v1/notes/a%2Fb", now, ath)}, verify.ErrUnbound},
		"another key":        {"DPoP " + bound, []string{other.Prove("GET", url, now, ath)}, verify.ErrUnbound},
		"no ath":             {"DPoP " + bound, []string{key.Prove("GET", url, now)}, verify.ErrUnbound},
		"another token":      {"DPoP " + bound, []string{key.Prove("GET", url, now, fixture.ForAccess("x"))}, verify.ErrUnbound},
		"an old proof":       {"DPoP " + bound, []string{key.Prove("GET", url, now.Add(-seconds(61)), ath)}, verify.ErrUnbound},
		"an unbound token":   {"DPoP " + s.sign(nil), []string{good}, verify.ErrUnbound},
		"an unbound, Bearer": {"Bearer " + s.sign(nil), nil, nil},
	} {
		for _, bases := range [][]string{{"https://notes.example/v1"}, nil} {
			r := httptest.NewRequest(http.MethodGet, "/notes/a%2Fb", nil)
			r.Header["Authorization"], r.Header["Dpop"] = []string{c.authorization}, c.proofs
			claims, err := s.verifier(t, func(c *verify.Config) { c.PublicURLs = bases }).Request(r)
			want := c.want
			if want == nil && bases == nil && strings.HasPrefix(c.authorization, "DPoP") {
				want = verify.ErrUnbound
			}
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s at %v: got %+v, %v, want %v", name, bases, claims, err, want)
			}
			if err == nil && (claims.Key == key.Thumbprint) != strings.HasPrefix(c.authorization, "DPoP") {
				t.Errorf("%s: got the key %q", name, claims.Key)
			}
		}
	}
}

func TestAConfigurationThatWouldAdmitTooMuchIsRefused(t *testing.T) {
	good := verify.Config{Issuer: "https://auth.example.com", Tenants: []string{"demo"}, Audience: notes}
	for name, change := range map[string]func(*verify.Config){
		"no issuer":            func(c *verify.Config) { c.Issuer = "" },
		"http":                 func(c *verify.Config) { c.Issuer = "http://auth.example.com" },
		"a slash at its end":   func(c *verify.Config) { c.Issuer = "https://auth.example.com/" },
		"a query":              func(c *verify.Config) { c.Issuer = "https://auth.example.com?x=1" },
		"a user":               func(c *verify.Config) { c.Issuer = "https://u@auth.example.com" },
		"no scheme":            func(c *verify.Config) { c.Issuer = "auth.example.com" },
		"no audience":          func(c *verify.Config) { c.Audience = "" },
		"no tenant":            func(c *verify.Config) { c.Tenants = nil },
		"a tenant and any":     func(c *verify.Config) { c.AnyTenant = true },
		"no id of a tenant":    func(c *verify.Config) { c.Tenants = []string{"a/b"} },
		"an empty tenant":      func(c *verify.Config) { c.Tenants = []string{""} },
		"no public URL":        func(c *verify.Config) { c.PublicURLs = []string{"notes.example"} },
		"a leeway of an hour":  func(c *verify.Config) { c.Leeway = time.Hour },
		"a negative leeway":    func(c *verify.Config) { c.Leeway = -1 },
		"no key set":           func(c *verify.Config) { c.JWKS = []byte("{}") },
		"a set without a key":  func(c *verify.Config) { c.JWKS = []byte(`{"keys":[]}`) },
		"a set of other kinds": func(c *verify.Config) { c.JWKS = []byte(`{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}`) },
	} {
		c := good
		c.Tenants = slices.Clone(good.Tenants)
		change(&c)
		if _, err := verify.New(c); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	for _, iss := range []string{"https://auth.example.com", "https://auth.example.com/auth", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"} {
		good.Issuer = iss
		if _, err := verify.New(good); err != nil {
			t.Errorf("%s: got %v, want none", iss, err)
		}
	}
	_, err := verify.New(verify.Config{})
	for _, field := range []string{"Issuer", "Audience", "Tenants"} {
		if err == nil || !strings.Contains(err.Error(), field+":") {
			t.Errorf("an empty configuration: got %v, want all that is wrong", err)
		}
	}
}
