package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// cookieCall is a refresh whose tokens come by cookie.
func cookieCall(cookies string, header ...string) call {
	return call{"POST", "/jwt/refresh", with(with(nil, "Cookie", cookies), header...), ""}
}

// by names the cookies of a session, refresh token first.
func (x session) by(refresh, access string) string {
	return refresh + "=" + x.refresh + "; " + access + "=" + x.access
}

// cleared are the names that an answer clears; a test wants no other attribute than Domain to vary.
func (a answer) cleared(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		host := strings.HasPrefix(c.Name, "__Host-")
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || host && c.Domain != "" {
			t.Errorf("%s: got attributes %+v, want HttpOnly; Secure; SameSite=Strict; Path=/", c.Name, c.Unparsed)
		}
		if c.MaxAge < 0 && c.Value == "" {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestARefreshByCookieSetsBothCookiesUnderTheNamesTheyCameWith(t *testing.T) {
	t.Parallel()
	cases := []struct{ sent, refresh, access string }{
		{"__Host-refresh_token={r}; __Host-access_token={a}", "__Host-refresh_token", "__Host-access_token"},
		{"refreshToken={r}; accessToken={a}", "refreshToken", "accessToken"},
		{"refresh_token={r}; access_token={a}", "refresh_token", "access_token"},
		{"refreshToken={r}; access_token={a}", "refreshToken", "access_token"},
		{"accessToken={a}; refresh_token={r}", "refresh_token", "accessToken"},
		{`refresh_token="{r}"`, "refresh_token", "access_token"},
		// "with only the refresh cookie sent, the access cookie is set under the name of the same pair"
		{"refreshToken={r}", "refreshToken", "accessToken"},
		{"__Host-refresh_token={r}", "__Host-refresh_token", "__Host-access_token"},
		{"other=1; refresh_token={r}; another=2", "refresh_token", "access_token"},
		// "a `__Host-` cookie makes the others ignored"
		{"access_token=x; refreshToken=y; __Host-refresh_token={r}", "__Host-refresh_token", "__Host-access_token"},
	}
	for _, c := range cases {
		x := home.issue(t, fresh(), home.demo.web)
		a := home.do(t, cookieCall(strings.NewReplacer("{r}", x.refresh, "{a}", x.access).Replace(c.sent))).want(t, 200)
		checkGrant(t, a)
		equal(t, c.sent+": cleared", a.cleared(t), []string(nil))
		set := a.cookies()
		equal(t, c.sent, set, map[string]string{c.refresh: set[c.refresh], c.access: a.data("accessToken")})
		home.present(t, set[c.refresh]).want(t, 200)
	}
}

func TestCookiesBeginWithARefreshThatAsksForThem(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	begin := call{"POST", "/jwt/refresh", nil, `{"refreshToken":"` + x.refresh + `","cookies":true}`}
	a := home.do(t, begin).want(t, 200)
	checkGrant(t, a)
	set := a.cookies()
	if len(set) != 2 || set["__Host-refresh_token"] == "" || set["__Host-access_token"] != a.data("accessToken") {
		t.Errorf("got cookies %v, want the pair of __Host-", set)
	}
	again := cookieCall("__Host-refresh_token=" + set["__Host-refresh_token"])
	again.body = `{"cookies":true}` // changes nothing
	if b := home.do(t, again).want(t, 200); len(b.cookies()) != 2 || b.refreshToken() == a.refreshToken() {
		t.Errorf("%s: want the next pair", b)
	}
	y := home.issue(t, fresh(), home.demo.web)
	for _, bad := range []string{"false", `"true"`, "1", "null", "[]", "{}"} {
		begin.body = fmt.Sprintf(`{"refreshToken":%q,"cookies":%s}`, y.refresh, bad)
		home.do(t, begin).want(t, 400).wantFields(t, "cookies")
	}
	for _, body := range []string{`{"cookies":true}`, `{"id":"` + y.id + `","cookies":true}`, `{"tokenId":"` + y.id + `","cookies":true}`} {
		home.do(t, call{"POST", "/jwt/refresh", home.demo.admin(), body}).want(t, 400)
	}
	home.wantAlive(t, y)
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

func TestBesideASelectorBodyCookiesAreIgnored(t *testing.T) {
	t.Parallel()
	x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	header := with(home.demo.admin(), "Cookie", x.by("refreshToken", "accessToken"), "Sec-Fetch-Site", "cross-site")
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

// Whether they came under one name or several.
func TestTokensOfTwoSessionsAmongTheCookiesAreRefusedAndCleared(t *testing.T) {
	t.Parallel()
	x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	for _, names := range [][]string{
		{"refreshToken", "refresh_token"}, {"refreshToken"}, {"refresh_token"}, {"__Host-refresh_token"},
	} {
		last := names[len(names)-1]
		a := home.do(t, cookieCall(names[0]+"="+x.refresh+"; "+last+"="+y.refresh)).want(t, 400)
		equal(t, "cleared", a.cleared(t), names)
		for _, name := range names {
			if !strings.Contains(a.text("message"), name) {
				t.Errorf("%s: want the cookie %s named", a, name)
			}
		}
	}
	home.wantAlive(t, x, y)
	a := home.do(t, cookieCall("refreshToken="+x.refresh+"; refresh_token="+x.refresh)).want(t, 200) // the same
	equal(t, "both pairs", len(a.cookies()), 4)
	// The names of the first pair cannot be planted, so they win and the others are not compared.
	equal(t, "the session", home.do(t, cookieCall("refreshToken="+x.refresh+"; __Host-refresh_token="+y.refresh)).want(t, 200).data("refreshTokenId"), y.id)
}

func TestTwoTokensOfOneSessionAreNoConflict(t *testing.T) {
	t.Parallel()
	for _, newest := range []string{"refreshToken", "refresh_token"} {
		old := home.issue(t, fresh(), home.demo.web)
		x := home.rotate(t, old)
		other := map[string]string{"refreshToken": "refresh_token", "refresh_token": "refreshToken"}[newest]
		access := map[string]string{"refreshToken": "accessToken", "refresh_token": "access_token"}
		sent := x.by(newest, access[newest]) + "; " + old.by(other, access[other])
		a := home.do(t, cookieCall(sent)).want(t, 200)
		equal(t, "cleared", a.cleared(t), []string{other, access[other]})
		set := a.cookies()
		equal(t, "set", set, map[string]string{newest: a.refreshToken(), access[newest]: a.data("accessToken")})
		if a.refreshToken() == x.refresh {
			t.Errorf("%s: got the token that it came with, want its successor", a)
		}
		// Under one name there is nothing to clear.
		b := home.do(t, cookieCall(newest+"="+x.refresh+"; "+newest+"="+a.refreshToken())).want(t, 200)
		equal(t, "cleared", b.cleared(t), []string(nil))
	}
}

func TestAValueThatIsNoTokenIsIgnoredBesideOneThatIs(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"refreshToken=theirs; refresh_token={r}", "refreshToken={r}; refresh_token=theirs", "refresh_token=theirs; refresh_token={r}"} {
		x := home.issue(t, fresh(), home.demo.web)
		a := home.do(t, cookieCall(strings.ReplaceAll(sent, "{r}", x.refresh))).want(t, 200)
		equal(t, "the session", a.data("refreshTokenId"), x.id)
		equal(t, "cleared: another application's", a.cleared(t), []string(nil))
		equal(t, "names", len(a.cookies()), 2)
	}
}

func TestDeadCookiesAreClearedAndNoOthers(t *testing.T) {
	t.Parallel()
	x, ended, old := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + ended.id, home.demo.admin(), ""}).want(t, 200)
	home.supersede(t, old)
	forged := x.refresh[:len(x.refresh)-4] + "AAAA"
	for sent, cleared := range map[string][]string{
		ended.by("refreshToken", "accessToken"):                {"refreshToken", "accessToken"},
		ended.by("__Host-refresh_token", "access_token"):       {"__Host-refresh_token"},
		"refresh_token=" + old.refresh:                         {"refresh_token"}, // reused
		"refresh_token=" + forged:                              {"refresh_token"},
		"refreshToken=garbage; refresh_token=more":             {"refreshToken", "refresh_token"},
		"refreshToken=garbage; refresh_token=" + ended.refresh: {"refresh_token"},
	} {
		equal(t, sent, home.do(t, cookieCall(sent)).want(t, 400).cleared(t), cleared)
	}
	// By body it clears nothing, whatever cookies there are.
	c := cookieCall("refreshToken=" + x.refresh)
	c.body = ended.body()
	equal(t, "by body", home.do(t, c).want(t, 400).cleared(t), []string(nil))
	mine := x.by("refreshToken", "accessToken")
	for status, c := range map[int]call{
		403: cookieCall(mine, "X-Stencil-TenantId", "other"), 413: {"POST", "/jwt/refresh", with(nil, "Cookie", mine), strings.Repeat(" ", 16_385)},
		401: cookieCall(mine, "Authorization", "Bearer garbage"), 400: {"POST", "/jwt/refresh", with(nil, "Cookie", mine), `{"x":1}`},
	} {
		equal(t, fmt.Sprint(status), home.do(t, c).want(t, status).cleared(t), []string(nil))
	}
	home.wantAlive(t, x)
}
