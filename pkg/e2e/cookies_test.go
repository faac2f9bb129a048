package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// cookieCall is a refresh whose tokens come by cookie.
func cookieCall(cookies string, header ...string) call {
	return call{"POST", "/jwt/refresh", with(with(nil, "Cookie", cookies), header...), ""}
}

func TestARefreshByCookieSetsBothCookiesUnderTheNamesTheyCameWith(t *testing.T) {
	t.Parallel()
	cases := []struct{ sent, refresh, access string }{
		{"refreshToken={r}; accessToken={a}", "refreshToken", "accessToken"},
		{"refresh_token={r}; access_token={a}", "refresh_token", "access_token"},
		{"refreshToken={r}; access_token={a}", "refreshToken", "access_token"},
		{"accessToken={a}; refresh_token={r}", "refresh_token", "accessToken"},
		// "with only the refresh cookie sent, the access cookie is set under the name of the same pair"
		{"refreshToken={r}", "refreshToken", "accessToken"},
		{"other=1; refresh_token={r}; another=2", "refresh_token", "access_token"},
	}
	for _, c := range cases {
		x := home.issue(t, fresh(), home.demo.web)
		a := home.do(t, cookieCall(strings.NewReplacer("{r}", x.refresh, "{a}", x.access).Replace(c.sent))).want(t, 200)
		checkGrant(t, a)
		set := map[string]string{}
		for _, line := range a.header.Values("Set-Cookie") {
			cookie, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatal(err)
			}
			if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.MaxAge <= 0 || cookie.Domain != "" {
				t.Errorf("got %q, want HttpOnly; Secure; SameSite=Strict; Path=/ and a Max-Age", strings.Replace(line, cookie.Value, "...", 1))
			}
			set[cookie.Name] = cookie.Value
		}
		equal(t, c.sent, set, map[string]string{c.refresh: a.data("refreshToken"), c.access: a.data("accessToken")})
	}
}

func TestARefreshByBodySetsNoCookieAndWinsOverCookies(t *testing.T) {
	t.Parallel()
	byBody, byCookie := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	c := cookieCall("refreshToken=" + byCookie.refresh)
	c.body = byBody.body()
	a := home.do(t, c).want(t, 200)
	equal(t, "the session", a.data("refreshTokenId"), byBody.id)
	equal(t, "Set-Cookie", a.header.Get("Set-Cookie"), "")
	home.wantAlive(t, byCookie)
}

func TestTwoDifferentRefreshTokensAmongTheCookiesAreRefused(t *testing.T) {
	t.Parallel()
	x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	for _, names := range [][2]string{{"refreshToken", "refresh_token"}, {"refreshToken", "refreshToken"}, {"refresh_token", "refresh_token"}} {
		home.do(t, cookieCall(names[0]+"="+x.refresh+"; "+names[1]+"="+y.refresh)).want(t, 400)
	}
	home.wantAlive(t, x, y)
	home.do(t, cookieCall("refreshToken="+x.refresh+"; refresh_token="+x.refresh)).want(t, 200)
}

func TestBesideASelectorBodyCookiesAreIgnored(t *testing.T) {
	t.Parallel()
	x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	header := with(home.demo.admin(), "Cookie", "refreshToken="+x.refresh+"; accessToken="+x.access)
	a := home.do(t, call{"POST", "/jwt/refresh", header, `{"id":"` + y.id + `"}`}).want(t, 200)
	equal(t, "the session retrieved", a.data("id"), y.id)
	equal(t, "Set-Cookie", a.header.Get("Set-Cookie"), "")
	home.wantAlive(t, x, y)
	a = home.do(t, call{"POST", "/jwt/refresh", header, `{"tokenId":"` + y.id + `"}`}).want(t, 200)
	equal(t, "the session deleted", a.data("id"), y.id)
	home.wantAlive(t, x)
	// The other operations take no credential from cookies.
	home.do(t, call{"GET", "/jwt/refresh/" + x.id, http.Header{"Cookie": {"accessToken=" + x.access}, "X-Stencil-TenantId": {x.tenant}}, ""}).want(t, 401)
}

func TestACookieBorneRequestFromElsewhereIsForbidden(t *testing.T) {
	t.Parallel()
	own := home.creds["BASE_URL"]
	cases := []struct {
		header []string
		status int
	}{
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", own}, 403},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"}, 403},
		{[]string{"Origin", "http://localhost.evil.example"}, 403},
		{[]string{"Origin", "http://127.0.0.1.evil.example"}, 403},
		{[]string{"Origin", "http://evil.example/?http://localhost"}, 403},
		{[]string{"Origin", "http://localhost@evil.example"}, 403},
		{nil, 200},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Sec-Fetch-Site", "same-site"}, 200},
		{[]string{"Sec-Fetch-Site", "none"}, 200},
		{[]string{"Origin", own}, 200},
		{[]string{"Origin", own, "Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Origin", "http://localhost:5173"}, 200},
	}
	for _, c := range cases {
		x := home.issue(t, fresh(), home.demo.web)
		home.do(t, cookieCall("refreshToken="+x.refresh, c.header...)).check(t, c.status, c.header)
		if c.status == 403 {
			home.wantAlive(t, x)
		}
		// A token in the body passes: a page elsewhere cannot have known it.
		home.do(t, call{"POST", "/jwt/refresh", http.Header{"Origin": {"https://evil.example"}}, x.body()}).want(t, 200)
	}
}
