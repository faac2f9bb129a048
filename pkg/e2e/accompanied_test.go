package e2e

import (
	"fmt"
	"net/http"
	"testing"
)

// The access token that accompanies a refresh: header, body or cookie.

// accompanied refreshes x with an access token, or what poses as one, in each of its places.
func accompanied(x session, access string) map[string]call {
	body := x.body()
	return map[string]call{
		"header":       {"POST", "/jwt/refresh", with(nil, "Authorization", "Bearer "+access), body},
		"lower scheme": {"POST", "/jwt/refresh", with(nil, "Authorization", "bearer "+access), body},
		"token":        {"POST", "/jwt/refresh", nil, jsonOf(map[string]string{"refreshToken": x.refresh, "token": access})},
		"accessToken":  {"POST", "/jwt/refresh", nil, jsonOf(map[string]string{"refreshToken": x.refresh, "accessToken": access})},
		"cookie":       {"POST", "/jwt/refresh", with(nil, "Cookie", "accessToken="+access), body},
		"other cookie": {"POST", "/jwt/refresh", with(nil, "Cookie", "refresh_token="+x.refresh+"; access_token="+access), ""},
	}
}

func TestAnAccompanyingAccessTokenOfTheSameSessionIsWelcome(t *testing.T) {
	t.Parallel()
	for place := range accompanied(session{}, "") {
		x := home.issue(t, fresh(), home.demo.web)
		first := home.do(t, accompanied(x, x.access)[place]).want(t, 200)
		// An SDK repeats the very same request: by now the access token is the previous one.
		again := home.do(t, accompanied(x, x.access)[place]).want(t, 200)
		if first.data("refreshToken") != again.data("refreshToken") {
			t.Errorf("%s: a retry: got another successor", place)
		}
	}
}

func TestAnAccompanyingAccessTokenThatIsNotOfThisSessionRotatesNothing(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	otherSession := home.issue(t, x.user, home.demo.web)
	otherUser := home.issue(t, fresh(), home.demo.web)
	otherTenant := home.issueIn(t, home.other, x.user)
	poses := map[string]string{
		"another session of the user": otherSession.access, "another user's": otherUser.access, "another tenant's": otherTenant.access,
		"garbage": "garbage", "forged": forge(t, x.access, map[string]any{"sub": x.user}), "unsigned": unsigned(t, x.access),
		"truncated": x.access[:len(x.access)-4], "a refresh token": x.refresh,
	}
	for name, access := range poses {
		for place, c := range accompanied(x, access) {
			want := 400 // "400 when in the body"
			switch {
			case c.header.Get("Cookie") != "":
				continue
			case c.header.Get("Authorization") != "":
				want = 401 // "401 when it came in the header"
			}
			home.do(t, c).check(t, want, name, place)
			home.wantAlive(t, x)
		}
	}
	home.rotate(t, x)
	for name, access := range poses { // "one that came by cookie and does not fit counts as absent"
		for _, place := range []string{"cookie", "other cookie"} {
			y := home.issue(t, fresh(), home.demo.web)
			home.do(t, accompanied(y, access)[place]).check(t, 200, name, place)
		}
	}
}

func TestWhatIsNoAccessTokenOfThisServiceCountsAsAbsent(t *testing.T) {
	t.Parallel()
	x := issueScoped(t, "read write")
	narrowed := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", "read").want(t, 200)
	x.refresh = narrowed.text("refresh_token")
	kid := map[string]any{"kid": "nobody"}
	for name, access := range map[string]string{
		"an unknown key": assemble(t, x.access, kid, nil, signES256(t)), "narrowed": narrowed.text("access_token"),
		"another issuer": forge(t, x.access, map[string]any{"iss": "https://other.example", "aud": []string{"a"}}),
	} {
		for _, place := range []string{"header", "token", "accessToken", "cookie"} {
			a := home.do(t, accompanied(x, access)[place])
			a.check(t, 200, name, place)
			x.refresh = a.data("refreshToken")
		}
		sevenG(t, "Bearer "+access, x.body()).check(t, 401, name, "7G wants one")
	}
	for _, credential := range []string{
		"Bearer " + home.demo.key, "Bearer " + home.other.key, "Bearer sak_x", "Basic eDp5", "basic", "DPoP " + x.access, "dpop " + home.demo.key,
	} {
		a := home.do(t, call{"POST", "/jwt/refresh", with(nil, "Authorization", credential), x.body()})
		a.check(t, 200, credential[:min(12, len(credential))])
		x.refresh = a.data("refreshToken")
	}
}

// "not if it is narrowed: such a token was given to somebody else (at /oauth2/revoke it is a 200 that ends nothing)"
func TestANarrowedAccessTokenManagesNoSession(t *testing.T) {
	t.Parallel()
	x := issueScoped(t, "read write")
	narrowed := grant(t, isForm(), "grant_type", "refresh_token", "refresh_token", x.refresh, "scope", "read").want(t, 200)
	x.refresh = narrowed.text("refresh_token")
	header := with(nil, "Authorization", "Bearer "+narrowed.text("access_token"), "X-Stencil-TenantId", home.demo.id)
	user := "/jwt/users/" + escape(x.user)
	for _, c := range []call{
		{method: "GET", path: "/jwt/refresh?userId=" + escape(x.user), header: header},
		{method: "GET", path: "/jwt/refresh/" + x.id, header: header},
		{method: "GET", path: user + "/history", header: header},
		{method: "DELETE", path: "/jwt/refresh/" + x.id, header: header},
		{method: "DELETE", path: user + "/refresh", header: header},
		{method: "DELETE", path: user + "/refresh?except=current", header: header},
		{method: "DELETE", path: user + "/applications/" + home.demo.web + "/refresh", header: header},
		{"POST", "/jwt/revoke", header, fmt.Sprintf(`{"token":%q}`, x.refresh)},
	} {
		home.do(t, c).check(t, 403, c.method, c.path)
	}
	home.do(t, call{"POST", "/oauth2/revoke", isForm(), "token=" + narrowed.text("access_token")}).check(t, 200)
	home.rotate(t, x)
}

func TestOtherCredentialsInTheHeaderOfARefreshAreRefused(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, credential := range []string{
		"Bearer", "Bearer ", "DPoP", "DPoP  ", x.access, home.demo.key, "Token " + x.access, "BasicX eDp5",
		"Bearer " + x.access + " x", "Bearer  ",
	} {
		home.do(t, call{"POST", "/jwt/refresh", with(nil, "Authorization", credential), x.body()}).check(t, 401, credential[:min(20, len(credential))])
	}
	twice := with(nil, "Authorization", "Bearer "+x.access, "Authorization", "Bearer "+x.access)
	home.do(t, call{"POST", "/jwt/refresh", twice, x.body()}).want(t, 400) // "sent twice: 400 on POST /jwt/refresh"
	home.wantAlive(t, x)
	home.rotate(t, x)
}

func TestARefreshNeedsNoTenantHeaderAndTakesTheRightOneOnly(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, header := range []http.Header{{"X-Stencil-TenantId": {home.other.id}}, {"x-stencil-tenanid": {"nothing"}}} {
		if a := home.do(t, call{"POST", "/jwt/refresh", header, x.body()}); a.status < 400 {
			t.Errorf("%v: %s; want it refused", header, a)
		}
	}
	for _, header := range []http.Header{
		{"X-Stencil-TenantId": {home.demo.id}, "x-stencil-tenanid": {home.other.id}},
		{"X-Stencil-TenantId": {home.demo.id, home.demo.id}},
		{"x-stencil-tenanid": {home.demo.id, home.other.id}},
	} {
		home.do(t, call{"POST", "/jwt/refresh", header, x.body()}).want(t, 400)
	}
	home.wantAlive(t, x)
	right := http.Header{"x-stencil-tenanid": {home.demo.id}, "X-STENCIL-TENANTID": {home.demo.id}}
	home.do(t, call{"POST", "/jwt/refresh", right, x.body()}).want(t, 200)
}

func TestTheAccessTokenFitsAtMostOnce(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	other := home.issue(t, fresh(), home.demo.web)
	// "conflicting aliases": `token` and `accessToken` are two names of one thing here.
	body := jsonOf(map[string]string{"refreshToken": x.refresh, "token": x.access, "accessToken": other.access})
	home.do(t, call{"POST", "/jwt/refresh", nil, body}).want(t, 400)
	home.wantAlive(t, x)
}
