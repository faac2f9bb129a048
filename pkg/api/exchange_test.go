package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// beside are the ways that an access token comes with the refresh token of a session.
var beside = []struct {
	name    string
	op      api.Operation
	request func(refresh, access string) service.Request
}{
	{"header", api.Refresh, func(r, a string) service.Request { return refresh(r, "Authorization", "Bearer "+a) }},
	{"scheme DPoP", api.Refresh, func(r, a string) service.Request { return refresh(r, "authorization", "dpop "+a) }},
	{"body", api.Refresh, func(r, a string) service.Request {
		return service.Request{Method: "POST", Body: fmt.Sprintf(`{"refreshToken":%q,"accessToken":%q}`, r, a)}
	}},
	{"cookie", api.Refresh, func(r, a string) service.Request { return refresh(r, "Cookie", "accessToken="+a) }},
	{"pair of cookies", api.Refresh, func(r, a string) service.Request {
		return service.Request{Method: "POST", Header: []string{"Cookie", "refresh_token=" + r + "; access_token=" + a}}
	}},
	{"OAuth", api.OauthToken, func(r, a string) service.Request {
		return service.Request{
			Method: "POST", Header: append([]string{"Authorization", "Bearer " + a}, isForm...),
			Body: "grant_type=refresh_token&refresh_token=" + r,
		}
	}},
	{"7G", api.UserRefreshToken, func(r, a string) service.Request { return refresh(r, "Authorization", "Bearer "+a) }},
	{"7G, scheme DPoP", api.UserRefreshToken, func(r, a string) service.Request { return refresh(r, "Authorization", "DPoP "+a) }},
}

// signedBy is an access token of a session under a key of its own.
func signedBy(key keys.SigningKey, a token.Access) string { return fixture.Must(a.Sign(key)).Reveal() }

// Law 6: what comes beside a refresh token must verify and be of its session, or nothing rotates. By cookie it counts as
// absent if it does not fit; narrowed, or an API key, always; of an unknown key or issuer, where it is optional.
func TestWhatComesBesideARefreshTokenFitsOrCountsAsAbsent(t *testing.T) {
	stranger := fixture.NewKeys("ES256").SigningKey()
	impostor := stranger
	impostor.ID = fixture.DerivedKeys().SigningKey().ID
	changed := func(change func(*token.Access)) func(fixture.Tenants, string) string {
		return func(n fixture.Tenants, id string) string {
			a := n.Access(id)
			change(&a)
			return n.Sign(a)
		}
	}
	for name, c := range map[string]struct {
		access func(n fixture.Tenants, id string) string
		// The statuses in the order of beside, where the session does not require an access token, and where it does.
		optional, required string
	}{
		"its own": {changed(func(*token.Access) {}), "200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200"},
		"its own, expired": {
			changed(func(a *token.Access) { a.Expires = a.IssuedAt + 1 }), "200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200",
		},
		"a narrowed one": {
			changed(func(a *token.Access) { a.Narrowed = true }), "200 200 200 200 200 200 401 401", "400 400 400 400 400 400 401 401",
		},
		"another issuer's, by a key of this one": {
			changed(func(a *token.Access) { a.Issuer = "https://former.example" }), "200 200 200 200 200 200 401 401", "401 401 400 400 400 401 401 401",
		},
		"one that names the issuer of another tenant": {
			changed(func(a *token.Access) { a.Issuer = fixture.Issuer + "/t/" + fixture.Other }),
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"one that names the service as its issuer": {
			changed(func(a *token.Access) { a.Issuer = fixture.Issuer }), "200 200 200 200 200 200 401 401", "401 401 400 400 400 401 401 401",
		},
		"one by an unknown key": {
			func(n fixture.Tenants, id string) string { return signedBy(stranger, n.Access(id)) },
			"200 200 200 200 200 200 401 401", "401 401 400 400 400 401 401 401",
		},
		"a foreign JWT of another shape": {
			func(fixture.Tenants, string) string {
				return b64(`{"alg":"HS256"}`) + "." + b64(`{"iss":"https://other.example","aud":["a"]}`) + ".AA"
			},
			"200 200 200 200 200 200 401 401", "401 401 400 400 400 401 401 401",
		},
		"an API key": {
			func(fixture.Tenants, string) string { return fixture.KeyText("all") }, "200 200 400 200 200 200 401 401", "400 400 400 400 400 400 401 401",
		},
		"one that poses as known": {
			func(n fixture.Tenants, id string) string { return signedBy(impostor, n.Access(id)) },
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"another session's": {
			func(n fixture.Tenants, _ string) string { return n.Sign(n.Access(fixture.SessionTwo)) },
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"another tenant's": {
			func(n fixture.Tenants, _ string) string { return n.Sign(n.Access(fixture.SessionFar)) },
			"401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"a refresh token": {
			func(n fixture.Tenants, id string) string { return n.RefreshText(id, 0) }, "401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
		"garbage": {
			func(fixture.Tenants, string) string { return "garbage" }, "401 401 400 200 200 401 401 401", "401 401 400 400 400 401 401 401",
		},
	} {
		for id, want := range map[string]string{fixture.SessionOne: c.optional, fixture.SessionReq: c.required} {
			if got := statusesBeside(t, id, c.access, func(*service.Service) {}); got != want {
				t.Errorf("%s, session %s: got %s, want %s", name, id[len(id)-1:], got, want)
			}
		}
	}
}

// statusesBeside refreshes a new session in every way, and wants that exactly the successes rotate.
func statusesBeside(t *testing.T, id string, access func(fixture.Tenants, string) string, change func(*service.Service)) string {
	t.Helper()
	var statuses []string
	for _, way := range beside {
		s := service.New(t, io.Discard)
		change(s)
		s.Handlers = s.Parts.All()
		answer := s.Call(t, way.op, way.request(s.RefreshText(id, 0), access(s.Tenants, id)))
		statuses = append(statuses, fmt.Sprint(answer.StatusCode))
		stored, _, err := s.Store.Load(t.Context(), fixture.KeyOf(id))
		if rotated := stored.Generation == 1; err != nil || rotated != (answer.StatusCode == 200) {
			t.Errorf("%s: got %d, %v, and a rotation: %v", way.name, answer.StatusCode, err, rotated)
		}
	}
	return strings.Join(statuses, " ")
}

// Whatever each is worth, two different access tokens contradict each other; a credential that is no access token does
// not.
func TestTwoAccessTokensBesideARefreshTokenMustBeEqual(t *testing.T) {
	s := service.New(t, io.Discard)
	own, other := s.Sign(s.Access(fixture.SessionOne)), signedBy(fixture.NewKeys("ES256").SigningKey(), s.Access(fixture.SessionOne))
	for name, c := range map[string]struct {
		header, body string
		want         int
	}{
		"the same":                  {"Bearer " + own, own, 200},
		"the same, scheme DPoP":     {"DPoP " + own, own, 200},
		"one by an unknown key":     {"Bearer " + own, other, 400},
		"the header by it":          {"Bearer " + other, own, 400},
		"an API key beside it":      {"Bearer " + fixture.KeyText("all"), own, 200},
		"Basic beside it":           {"Basic d2ViOg==", own, 200},
		"Basic beside a bad one":    {"Basic d2ViOg==", "garbage", 400},
		"another scheme beside it":  {"Digest x", own, 401},
		"an empty header beside it": {"", own, 401},
	} {
		s := service.New(t, io.Discard)
		r := beside[2].request(s.RefreshText(fixture.SessionOne, 0), c.body)
		r.Header = []string{"Authorization", c.header}
		if got := s.Call(t, api.Refresh, r); got.StatusCode != c.want {
			t.Errorf("%s: got %d %s, want %d", name, got.StatusCode, got.Body, c.want)
		}
	}
}

// A browser may keep access cookies of sessions that are over beside the one that counts.
func TestOneFittingAccessCookieSuffices(t *testing.T) {
	s := service.New(t, io.Discard)
	own, other := s.Sign(s.Access(fixture.SessionReq)), s.Sign(s.Access(fixture.SessionOne))
	cookies := "accessToken=garbage; accessToken=" + other + "; access_token=" + own
	if got := s.Call(t, api.Refresh, refresh(s.RefreshText(fixture.SessionReq, 0), "Cookie", cookies)); got.StatusCode != 200 {
		t.Errorf("got %d %s, want 200", got.StatusCode, got.Body)
	}
}

// What counts as absent hides no cookie that fits.
func TestAnAccessCookieCountsBesideAHeaderThatCountsAsAbsent(t *testing.T) {
	for name, header := range map[string]func(*service.Service) string{
		"a narrowed one": func(s *service.Service) string {
			a := s.Access(fixture.SessionReq)
			a.Narrowed = true
			return s.Sign(a)
		},
		"one by an unknown key": func(s *service.Service) string {
			return signedBy(fixture.NewKeys("ES256").SigningKey(), s.Access(fixture.SessionReq))
		},
		"an API key": func(*service.Service) string { return fixture.KeyText("all") },
	} {
		s := service.New(t, io.Discard)
		r := refresh(s.RefreshText(fixture.SessionReq, 0), "Authorization", "Bearer "+header(s),
			"Cookie", "accessToken="+s.Sign(s.Access(fixture.SessionReq)))
		if got := s.Call(t, api.Refresh, r); got.StatusCode != 200 {
			t.Errorf("%s: got %d %s, want 200", name, got.StatusCode, got.Body)
		}
	}
}

// An access token whose scope is smaller than its session's says so.
func TestAnAccessTokenWithLessScopeIsNarrowed(t *testing.T) {
	for scope, want := range map[string]bool{"": false, "email profile": false, "profile": true} {
		s := service.New(t, io.Discard)
		r := service.Request{
			Method: "POST", Header: isForm,
			Body: "grant_type=refresh_token&refresh_token=" + s.RefreshText(fixture.SessionOne, 0) + "&scope=" + strings.ReplaceAll(scope, " ", "+"),
		}
		access, err := s.Parts.Authorizer.Verifier.Verify(t.Context(), field(t, s.Call(t, api.OauthToken, r).Body, "access_token"))
		if err != nil || access.Narrowed != want {
			t.Errorf("scope %q: got narrowed %v, %v, want %v", scope, access.Narrowed, err, want)
		}
	}
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// field is a string in a JSON object.
func field(t *testing.T, body, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatalf("got %v, want JSON: %s", err, body)
	}
	text, _ := object[name].(string)
	return text
}
