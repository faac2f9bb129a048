package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// RFC 7662: POST /oauth2/introspect.

// introspect asks about a token with a header of credentials.
func introspect(t *testing.T, credential http.Header, pairs ...string) answer {
	t.Helper()
	header := credential.Clone()
	header["Content-Type"] = isForm()["Content-Type"]
	return postForm(t, call{"POST", introspectPath, header, form(pairs...)})
}

// describe asks another service than home.
func (s *service) describe(t testing.TB, text string) answer {
	t.Helper()
	return s.do(t, call{"POST", introspectPath, with(s.demo.admin(), "Content-Type", isForm().Get("Content-Type")), form("token", text)})
}

// reader is the header of the key that may only read.
func reader() http.Header { return home.demo.as(home.creds[mayRead]) }

// wantInactive wants a token called inactive, and nothing else said of it.
func wantInactive(t *testing.T, a answer) {
	t.Helper()
	equal(t, "active", wantKeys(t, a.want(t, 200).body, "active")["active"], false)
}

func wantActive(t *testing.T, a answer, x session) map[string]any {
	t.Helper()
	body := a.want(t, 200).body
	for key, value := range map[string]any{
		"active": true, "client_id": x.app, "sub": x.user, "iss": home.creds["BASE_URL"] + "/t/" + home.demo.id,
	} {
		equal(t, key, body[key], value)
	}
	for _, key := range []string{"exp", "iat"} {
		if seconds, _ := body[key].(float64); seconds < 1e9 || seconds != float64(int64(seconds)) {
			t.Errorf("%s: %s: want a NumericDate", a, key)
		}
	}
	if strings.Contains(a.raw, "srt_") || strings.Contains(a.raw, "eyJ") {
		t.Errorf("%s: want no token in it", a)
	}
	return body
}

func TestIntrospectionSaysWhatATokenIs(t *testing.T) {
	t.Parallel()
	x := issueScoped(t, "read write")
	refresh := wantActive(t, introspect(t, reader(), "token", x.refresh), x)
	access := wantActive(t, introspect(t, reader(), "token", x.access), x)
	claims := parseJWT(t, x.access).claims
	for _, name := range []string{"jti", "exp", "iat", "scope"} {
		equal(t, "access token's "+name, access[name], claims[name])
	}
	equal(t, "token_type", access["token_type"], any("Bearer"))
	equal(t, "refresh token's scope", refresh["scope"], any("read write"))
	for name, body := range map[string]map[string]any{"refresh": refresh, "access": access} {
		equal(t, name+" token's aud", body["aud"], any(x.app))
		equal(t, name+" token's sid", body["sid"], any(x.id))
	}
	if refresh["exp"] == access["exp"] {
		t.Errorf("refresh token's exp: got the access token's %v, want its own", access["exp"])
	}
	home.wantAlive(t, x)
}

func TestIntrospectionIgnoresTheHint(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, hint := range []string{"", "access_token", "refresh_token", "nonsense"} {
		wantActive(t, introspect(t, reader(), "token", x.refresh, "token_type_hint", hint, "unknown", "1"), x)
		wantActive(t, introspect(t, reader(), "token", x.access, "token_type_hint", hint), x)
	}
}

func TestIntrospectingASupersededTokenSaysInactiveAndIsNoReuse(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	y := home.rotate(t, x)
	z := home.rotate(t, y)
	for _, old := range []string{x.refresh, y.refresh} {
		wantInactive(t, introspect(t, reader(), "token", old))
	}
	wantActive(t, introspect(t, reader(), "token", y.access), y) // a refresh does not end the access token of before
	wantActive(t, introspect(t, reader(), "token", z.refresh), z)
	wantActive(t, introspect(t, reader(), "token", z.access), z)
	home.rotate(t, z)
}

func TestIntrospectionOfWhatIsNotActiveSaysNothing(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""}).want(t, 200)
	theirs := home.issueIn(t, home.other, fresh())
	for _, text := range []string{
		"garbage", " ", x.refresh, x.access, theirs.refresh, theirs.access, home.demo.key, unsigned(t, theirs.access), strings.Repeat("x", 9000),
	} {
		wantInactive(t, introspect(t, reader(), "token", text))
	}
	wantInactive(t, introspect(t, home.other.admin(), "token", home.issue(t, fresh(), home.demo.web).refresh))
	home.wantAlive(t, theirs)
}

func TestIntrospectionOfAnExpiredTokenSaysInactive(t *testing.T) {
	t.Parallel()
	withExpiredAccess(t, func(x session) error {
		wantInactive(t, introspect(t, reader(), "token", x.access))
		if a := introspect(t, reader(), "token", x.refresh); a.body["active"] != true {
			return fmt.Errorf("%s; want it active", a)
		}
		return nil
	})
	x := home.issue(t, fresh(), home.shortApp())
	sleepUntil(x.expires)
	wantInactive(t, introspect(t, reader(), "token", x.refresh))
}

func TestIntrospectionNeedsAKeyThatMay(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	ask := func(header http.Header, status int) answer {
		c := call{"POST", introspectPath, with(header, "Content-Type", "application/x-www-form-urlencoded"), form("token", x.refresh)}
		return home.do(t, c).want(t, status)
	}
	ask(nil, 401)
	alone := func(key string) http.Header { return http.Header{"Authorization": {"Bearer " + home.creds[key]}} }
	for _, key := range []string{"INTROSPECT_API_KEY", "READ_API_KEY", "API_KEY"} {
		equal(t, key, ask(alone(key), 200).body["active"], true)
		equal(t, key, ask(home.demo.as(home.creds[key]), 200).body["active"], true)
		ask(home.other.as(home.creds[key]), 403)
		ask(with(alone(key), "X-Stencil-TenantId", " "), 401) // blank is not absent
	}
	equal(t, "a key of another tenant", ask(alone("OTHER_API_KEY"), 200).body, map[string]any{"active": false})
	ask(alone("UPDATE_API_KEY"), 403)
	ask(http.Header{"Authorization": {"Bearer " + x.access}}, 403) // a user may not, whatever the tenant
	// It reads nothing else, and elsewhere the header is wanted.
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, home.demo.as(home.creds["INTROSPECT_API_KEY"]), ""}).want(t, 403)
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, alone("READ_API_KEY"), ""}).want(t, 401)
	ask(http.Header{"X-Stencil-TenantId": {home.demo.id}}, 401)
	ask(http.Header{"X-Stencil-TenantId": {home.demo.id}, "Authorization": {basic(home.demo.web, home.demo.key)}}, 401)
	ask(home.demo.as("sak_x"), 401)
	ask(home.demo.as(x.refresh), 401)
	ask(home.other.as(home.demo.key), 403)
	for _, permission := range []string{mayIssue, "REVOKE_API_KEY"} {
		checkOAuth(t, ask(home.demo.as(home.creds[permission]), 403))
	}
	checkOAuth(t, ask(x.owner(), 403)) // a user's access token
	ask(reader(), 200)
	ask(home.demo.admin(), 200)
	home.wantAlive(t, x)
}

// The custom claims of the token: those that the access token has, and that the next one of a refresh token has.
func TestIntrospectionHasTheCustomClaimsAndTheAudience(t *testing.T) {
	t.Parallel()
	x := home.issueWith(t, home.demo, map[string]any{
		"userId": fresh(), "applicationId": home.creds["AUDIENCE_APPLICATION_ID"], "claims": map[string]any{"role": "editor", "x": map[string]any{"y": []int{1}}},
	})
	for kind, text := range map[string]string{"refresh": x.refresh, "access": x.access} {
		for _, header := range []http.Header{reader(), {"Authorization": {"Bearer " + home.creds["INTROSPECT_API_KEY"]}}} {
			body := wantActive(t, introspect(t, header, "token", text), x)
			equal(t, kind+": role", body["role"], any("editor"))
			equal(t, kind+": x", body["x"], any(map[string]any{"y": []any{1.0}}))
			equal(t, kind+": aud", body["aud"], any(servers()))
		}
	}
	a := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "resource", "https://api.example").want(t, 200)
	body := wantActive(t, introspect(t, reader(), "token", a.text("access_token")), x)
	equal(t, "aud of a narrowed token", body["aud"], any("https://api.example"))
}
