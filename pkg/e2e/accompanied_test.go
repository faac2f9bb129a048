package e2e

import (
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
			want := 400 // "400 when in body or cookie"
			if c.header.Get("Authorization") != "" {
				want = 401 // "401 when it came in the header"
			}
			home.do(t, c).check(t, want, name, place)
			home.wantAlive(t, x)
		}
	}
	home.rotate(t, x)
}

func TestOtherCredentialsInTheHeaderOfARefreshAreRefused(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for _, credential := range []string{
		"Bearer " + home.demo.key, "Bearer " + home.other.key, "Bearer sak_x", "Basic eDp5", "Bearer", "Bearer ", x.access, "Token " + x.access,
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
