package token_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// signedClaims is a token with a genuine signature: only its claims can be at fault.
func (w *service) signedClaims(payload []byte) string {
	return w.forge(header("ES256", w.kid("ES256")), payload, w.genuine())
}

// Law 6: verification requires iss, aud, exp and typ, and the claims that bind a token to its session.
func TestEachRequiredClaimIsRequired(t *testing.T) {
	w := newService()
	for _, name := range []string{"iss", "sub", "aud", "client_id", "tid", "sid", "jti", "iat", "exp"} {
		for what, value := range map[string]any{
			"missing": nil, "empty": "", "null": json.RawMessage("null"), "a boolean": true,
			"a list": []string{"web"}, "an object": map[string]string{}, "negative": -1, "zero": 0, "a float": 1.5,
		} {
			w.refused(t, name+" is "+what, w.signedClaims(w.claims(map[string]any{name: value})))
		}
	}
	w.accepted(t, "no nbf", w.signedClaims(w.claims(map[string]any{"nbf": nil})))
}

// Law 6: the issuer is that of the token's own tenant.
func TestOtherIssuersAndAudiencesAreRefused(t *testing.T) {
	w := newService()
	for what, change := range map[string]map[string]any{
		"other issuer":          {"iss": "https://evil.example"},
		"issuer with a slash":   {"iss": issuer + "/"},
		"issuer in capitals":    {"iss": strings.ToUpper(issuer)},
		"issuer with a suffix":  {"iss": issuer + ".evil"},
		"list of issuers":       {"iss": []string{issuer}},
		"no tenant's issuer":    {"iss": base},
		"another tenant's":      {"iss": base + "/t/other"},
		"issuer of tenant DEMO": {"iss": base + "/t/DEMO"},
		"encoded issuer":        {"iss": base + "/t/%64emo"},
		"issuer below another":  {"iss": base + "/t/x/t/demo"},
		"tenant of another":     {"tid": "other"},
		"other audience":        {"aud": "api"},
		"audience list":         {"aud": []string{"web"}},
		"audience list of two":  {"aud": []string{"api", "evil"}},
		"narrowed, no audience": {"aud": []string{}, "narrowed": true},
		"blank in the list":     {"aud": []string{"web", ""}},
		"other client":          {"client_id": "api"},
	} {
		w.refused(t, what, w.signedClaims(w.claims(change)))
	}
}

func TestTimesAreWholeSeconds(t *testing.T) {
	w := newService()
	for _, name := range []string{"exp", "iat", "nbf"} {
		for _, literal := range []string{
			"1.0e10", "1778051289.5", `"1778051289"`, "1e999", "99999999999999999999", "-99999999999999999999", "NaN", "0x10", "01", "[1]",
		} {
			payload := strings.Replace(string(w.claims(map[string]any{name: json.RawMessage("778899")})), "778899", literal, 1)
			w.refused(t, name+" = "+literal, w.signedClaims([]byte(payload)))
		}
	}
	w.refused(t, "iat at the end of time", w.signedClaims(w.claims(map[string]any{"iat": int64(math.MaxInt64)})))
	w.refused(t, "nbf at the end of time", w.signedClaims(w.claims(map[string]any{"nbf": int64(math.MaxInt64)})))
	w.refused(t, "exp before the epoch", w.signedClaims(w.claims(map[string]any{"exp": int64(math.MinInt64)})))
}

// The clock of a signer may be 60 s ahead of the verifier's, not 61.
func TestASignersClockMayBeAheadBySkew(t *testing.T) {
	w := newService()
	for _, name := range []string{"iat", "nbf"} {
		w.accepted(t, name+" 60 s ahead", w.signedClaims(w.claims(map[string]any{name: w.now.Unix() + 60})))
		w.refused(t, name+" 61 s ahead", w.signedClaims(w.claims(map[string]any{name: w.now.Unix() + 61})))
	}
}

// Without a Leeway a token is not accepted on or after its exp (RFC 7519 section 4.1.4), except beside a refresh.
func TestATokenEndsAtItsExpiry(t *testing.T) {
	w := newService()
	text := w.sign(t, "ES256", w.access())
	start := w.now
	w.now = start.Add(900*time.Second - time.Nanosecond)
	w.accepted(t, "a nanosecond before exp", text)
	for _, late := range []time.Duration{900 * time.Second, 901 * time.Second, 10 * 365 * 24 * time.Hour} {
		w.now = start.Add(late)
		got, err := w.verifier().Verify(t.Context(), text)
		if err == nil || got.User != "" {
			t.Errorf("%s after issue: got %v, want %v", late, err, token.ErrExpiredAccess)
		}
		if got, err = w.verifier().VerifyEvenExpired(t.Context(), text); err != nil || got.User != "user-1" {
			t.Errorf("%s after issue, beside a refresh: got %v, want success", late, err)
		}
	}
}

// With a Leeway the clock of a signer may be 60 s behind the verifier's or 60 s ahead of it, and no more.
func TestLeewayIsSixtySecondsBothWaysAndNotMore(t *testing.T) {
	w := newService()
	v := w.verifier()
	v.Leeway = token.Skew
	for offset, want := range map[time.Duration]bool{
		-900*time.Second - token.Skew: false, -900*time.Second - token.Skew + time.Second: true, -900 * time.Second: true,
		0: true, token.Skew: true, token.Skew + time.Second: false,
	} {
		a := w.access()
		signed := w.now.Add(offset).Unix() // by the signer's clock
		a.IssuedAt, a.NotBefore, a.Expires = signed, signed, signed+900
		if _, err := v.Verify(t.Context(), w.sign(t, "ES256", a)); (err == nil) != want {
			t.Errorf("signed at %s: got %v, want accepted %v", offset, err, want)
		}
	}
	if token.Skew != 60*time.Second {
		t.Errorf("got %s, want 60 s", token.Skew)
	}
}

func TestPayloadsWithDuplicateOrFoldedNamesAreRefused(t *testing.T) {
	w := newService()
	good := string(w.claims(nil))
	for _, more := range []string{
		`"sub":"admin"`, `"sub":"user-1"`, `"\u0073ub":"admin"`, `"Sub":"admin"`, `"SUB":"admin"`, `"\u017fub":"admin"`, `"TID":"other"`,
		`"tId":"other"`, `"Sid":"x"`, `"EXP":9999999999`, `"Client_ID":"x"`, `"x":1,"x":2`, `"x":1,"\u0078":2`,
	} {
		w.refused(t, "after: "+more, w.signedClaims([]byte(good[:len(good)-1]+","+more+"}")))
		w.refused(t, "in front: "+more, w.signedClaims([]byte("{"+more+","+good[1:])))
	}
	for _, payload := range []string{"", "null", "[]", `"x"`, "1", "{}", good + good, good + " x", good[:len(good)-1], "[" + good + "]"} {
		w.refused(t, "payload "+payload, w.signedClaims([]byte(payload)))
	}
	w.accepted(t, "a nested sub", w.signedClaims(w.claims(map[string]any{"x": map[string]any{"sub": "admin", "SUB": 1}})))
	w.accepted(t, "whitespace around", w.signedClaims([]byte(" \n"+good+"\t")))
}

// registered are the names of the claims that an access token always may have.
func registered() (names []string) {
	for field := range reflect.TypeFor[token.Access]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// Law 6: custom claims cannot override a registered one, whoever reads them: no name is ever doubled.
func TestCustomClaimsCannotOverride(t *testing.T) {
	w := newService()
	for _, name := range registered() {
		variants := []string{
			name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], fmt.Sprintf(`\u%04x%s`, name[0], name[1:]),
			strings.ReplaceAll(name, "s", `\u017f`), strings.ReplaceAll(name, "s", "ſ"), name[:1] + fmt.Sprintf(`\u%04X`, name[1]) + name[2:],
		}
		for _, v := range variants {
			for _, custom := range []string{`{"` + v + `":"evil"}`, `{"a":1,"` + v + `":"evil","b":2}`, `{"a":{},"` + v + `":null}`} {
				a := w.access()
				a.Custom = json.RawMessage(custom)
				if _, err := a.Sign(w.signing["ES256"]); err == nil {
					t.Errorf("%s: got a token, want an error", custom)
				}
			}
		}
		if !token.ReservedClaim(name) || !token.ReservedClaim(strings.ToUpper(name)) || token.ReservedClaim(name+" ") {
			t.Errorf("ReservedClaim: got a wrong answer for a spelling of %s", name)
		}
	}
	for _, custom := range []string{
		`null`, `[]`, `"x"`, `1`, `{`, `{"a":1`, `{"a":1}}`, `{"a":1},"sub":"evil"`, `{"a":1}{"sub":"evil"}`, `{"a":1,"a":2}`,
		`{"a":1,"\u0061":2}`, `{"a":1}x`, `x`, `{a:1}`, `,"sub":"evil"}`, `{"a":1,}`,
	} {
		a := w.access()
		a.Custom = json.RawMessage(custom)
		_, err := a.Sign(w.signing["ES256"])
		if err == nil {
			t.Errorf("%s: got a token, want an error", custom)
		} else if strings.Contains(err.Error(), "evil") {
			t.Errorf("got %v, want no claim in it", err)
		}
	}
}

// A lax reader sees what a strict one sees, all custom claims included.
func TestCustomClaimsAreInTheToken(t *testing.T) {
	w := newService()
	for custom, want := range map[string]int{
		"": 0, "{}": 0, "{ }": 0, " {\n} ": 0, `{"role":"admin"}`: 1, ` { "a" : {"sub":"x"} , "b" : [1,{"iss":2}] } `: 2,
		`{"":1}`: 1, `{"sub ":1,"su":2,"subb":3}`: 3, `{"html":"<&>\u2028","ü":"\ud83d\ude00"}`: 2,
	} {
		a := w.access()
		a.Narrowed, a.Confirmation, a.Custom = true, &token.Confirmation{JKT: "thumbprint"}, json.RawMessage(custom)
		text := w.sign(t, "ES256", a)
		w.accepted(t, custom, text)
		seen := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(text, seen); err != nil {
			t.Fatal(err)
		}
		if len(seen) != len(registered())+want || seen["sub"] != "user-1" || seen["tid"] != "demo" {
			t.Errorf("%s: got claims %v, want %d custom ones", custom, seen, want)
		}
	}
}

// RFC 9068 section 2.2.
func TestAnEmptyScopeIsAbsent(t *testing.T) {
	w := newService()
	a := w.access()
	a.Scope = ""
	if got := string(mustJSON(t, a)); strings.Contains(got, "scope") || strings.Contains(got, "narrowed") || strings.Contains(got, "cnf") {
		t.Errorf("got %s, want neither scope nor narrowed nor cnf", got)
	}
}
