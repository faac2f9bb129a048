package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// browser is a page with a cookie jar. It takes the service for https://host, for a jar sends Secure cookies nowhere else.
type browser struct {
	*service

	jar    http.CookieJar
	at     *url.URL
	origin string
}

func (s *service) browser(t testing.TB, host string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{s, jar, &url.URL{Scheme: "https", Host: host, Path: "/jwt/refresh"}, "http://localhost:5173"}
}

// on is the same browser on another host.
func (b browser) on(host string) browser {
	b.at = &url.URL{Scheme: "https", Host: host, Path: "/"}
	return b
}

// holds are the cookies that the jar sends, as name=value.
func (b browser) holds() []string {
	cookies := []string{}
	for _, c := range b.jar.Cookies(b.at) {
		cookies = append(cookies, c.String())
	}
	return cookies
}

// names are the names of these cookies, sorted.
func (b browser) names() []string {
	names := []string{}
	for _, c := range b.jar.Cookies(b.at) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// sets adds cookies as somebody else's answer from this host would, with a domain or without.
func (b browser) sets(domain string, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		b.jar.SetCookies(b.at, []*http.Cookie{{Name: pairs[i], Value: pairs[i+1], Path: "/", Domain: domain, Secure: true}})
	}
}

// call is what a page posts: the jar's cookies go along.
func (b browser) call(path, body string) call {
	h := with(nil, "Origin", b.origin)
	if held := b.holds(); len(held) > 0 {
		h = with(h, "Cookie", strings.Join(held, "; "))
	}
	return call{"POST", path, h, body}
}

// post also takes the cookies of the answer.
func (b browser) post(t testing.TB, path, body string) answer {
	t.Helper()
	a := b.do(t, b.call(path, body))
	b.takes(a)
	return a
}

func (b browser) takes(a answer) {
	b.jar.SetCookies(b.at, (&http.Response{Header: a.header}).Cookies())
}

// logIn issues a session, as a backend does, and begins with cookies, as its page does.
func (b browser) logIn(t testing.TB) session {
	t.Helper()
	x := b.issue(t, fresh(), b.demo.web)
	return x.granted(t, b.post(t, "/jwt/refresh", `{"refreshToken":"`+x.refresh+`","cookies":true}`).want(t, 200))
}

// refreshes wants the session of the page refreshed.
func (b browser) refreshes(t testing.TB, x session) {
	t.Helper()
	equal(t, "the session", b.post(t, "/jwt/refresh", "").want(t, 200).data("refreshTokenId"), x.id)
}

var hostPair = []string{"__Host-access_token", "__Host-refresh_token"}

func TestABrowserBeginsAndEndsASessionByItself(t *testing.T) {
	t.Parallel()
	b := home.browser(t, "api.example.com")
	x := b.logIn(t)
	equal(t, "cookies", b.names(), hostPair)
	b.refreshes(t, x)
	for range 3 { // tabs that load at once
		for _, a := range b.atOnce(t, 3, func(int) call { return b.call("/jwt/refresh", "") }) {
			b.takes(a.want(t, 200))
			equal(t, "the session", a.data("refreshTokenId"), x.id)
		}
	}
	b.refreshes(t, x)
	b.post(t, "/jwt/logout", "").want(t, 200)
	equal(t, "cookies", b.names(), []string{})
	home.resource(t, x).want(t, 404)
	b.post(t, "/jwt/refresh", "").want(t, 400).wantFields(t, "refreshToken")
	b.post(t, "/jwt/logout", "").want(t, 200)
	y := b.logIn(t)
	b.refreshes(t, y)
}

// The access token of whoever was there before lives on for a quarter of an hour.
func TestWhoeverLogsInNextInOneBrowserRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	first, next := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	b := home.browser(t, "api.example.com")
	b.sets("", "refreshToken", first.refresh, "accessToken", first.access) // a backend does it
	b.sets("", "refreshToken", next.refresh)
	b.refreshes(t, next)
	b.refreshes(t, next)
	equal(t, "cookies", b.names(), []string{"accessToken", "refreshToken"})
	// A page that begins with cookies leaves none of an earlier session behind.
	x := b.logIn(t)
	equal(t, "cookies", b.names(), hostPair)
	b.refreshes(t, x)
	b.refreshes(t, b.logIn(t))
	home.wantAlive(t, first)
}

func TestCookiesOfTwoSessionsDoNotStopTheNextLogIn(t *testing.T) {
	t.Parallel()
	b := home.browser(t, "api.example.com")
	x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	b.sets("", "refreshToken", x.refresh, "accessToken", x.access, "refresh_token", y.refresh, "access_token", y.access)
	b.post(t, "/jwt/refresh", "").want(t, 400)
	equal(t, "cookies", b.names(), []string{})
	home.wantAlive(t, x, y)
	b.sets("", "refresh_token", y.refresh)
	b.refreshes(t, y)
}

func TestABrowserForgetsASessionThatIsOver(t *testing.T) {
	t.Parallel()
	b := home.browser(t, "api.example.com")
	x := b.logIn(t)
	home.do(t, call{"DELETE", "/jwt/refresh/" + x.id, home.demo.admin(), ""}).want(t, 200)
	b.post(t, "/jwt/refresh", "").want(t, 400)
	equal(t, "cookies", b.names(), []string{})
	b.refreshes(t, b.logIn(t))
}

func TestALogoutEndsEverySessionThatTheBrowserHolds(t *testing.T) {
	t.Parallel()
	b := home.browser(t, "api.example.com")
	a, c, d := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web), b.logIn(t)
	old := home.issue(t, fresh(), home.demo.web)
	home.supersede(t, old)
	other := home.issue(t, fresh(), home.demo.web)
	b.sets("", "refreshToken", a.refresh, "refresh_token", c.refresh, "theme", "dark")
	b.post(t, "/jwt/logout", old.body()).want(t, 200)
	equal(t, "cookies", b.names(), []string{"theme"})
	for _, x := range []session{a, c, d, old} {
		home.resource(t, x).check(t, 404)
	}
	home.wantAlive(t, other)
	for _, body := range []string{"", "{}", `{"refreshToken":"garbage"}`, a.body(), old.body()} {
		got := b.post(t, "/jwt/logout", body).want(t, 200)
		equal(t, body, got.raw, home.do(t, call{"POST", "/jwt/logout", nil, ""}).raw)
	}
	for body, field := range map[string]string{
		`{"refreshToken":""}`: "refreshToken", `{"refreshToken":null}`: "refreshToken", `{"token":"x"}`: "token", `{"cookies":true}`: "cookies",
	} {
		b.sets("", "refreshToken", other.refresh)
		b.post(t, "/jwt/logout", body).want(t, 400).wantFields(t, field)
		b.post(t, "/jwt/logout?x=1", "").want(t, 400).wantFields(t, "x")
		equal(t, "cookies", b.names(), []string{"refreshToken", "theme"})
	}
	b.post(t, "/jwt/logout", strings.Repeat(" ", 16_385)).want(t, 413)
	b.origin = "https://evil.example"
	b.post(t, "/jwt/logout", "").want(t, 403)
	equal(t, "cookies", b.names(), []string{"refreshToken", "theme"})
	home.wantAlive(t, other)
}

func TestCookiesOfADomain(t *testing.T) {
	t.Parallel()
	long(t)
	s := start(t, t.TempDir(), "COOKIE_DOMAIN=example.com", "ALLOWED_ORIGINS=https://app.example.com,capacitor://localhost",
		"ALLOWED_HEADERS=X-Request-Id")
	b := s.browser(t, "api.example.com")
	b.origin = "https://app.example.com"
	lastPair := []string{"access_token", "refresh_token"}

	x := b.logIn(t)
	equal(t, "cookies", b.names(), lastPair)
	equal(t, "cookies of a neighbour", b.on("app.example.com").names(), lastPair)
	equal(t, "cookies elsewhere", b.on("example.org").names(), []string{})
	b.refreshes(t, x)
	b.on("auth.example.com").post(t, "/jwt/logout", "").want(t, 200)
	equal(t, "cookies", b.names(), []string{})
	s.resource(t, x).want(t, 404)

	// Before there was a domain, cookies were the host's alone.
	y := s.issue(t, fresh(), s.demo.web)
	b.sets("", hostPair[1], y.refresh, hostPair[0], y.access)
	b.refreshes(t, y)
	equal(t, "cookies", b.names(), lastPair)
	b.refreshes(t, y)

	z := s.issue(t, fresh(), s.demo.web)
	b.sets("", "refresh_token", z.refresh, "access_token", z.access) // beside those of the domain, which are y's
	equal(t, "cookies", len(b.names()), 4)
	b.post(t, "/jwt/refresh", "").want(t, 400)
	equal(t, "cookies", b.names(), []string{})
	b.sets("", "refresh_token", z.refresh)
	b.refreshes(t, z)
	b.refreshes(t, z) // two of one session: the older one, of the host alone, goes
	equal(t, "cookies", b.names(), lastPair)
	b.sets("", "refresh_token", y.refresh, hostPair[1], z.refresh)
	b.refreshes(t, b.logIn(t))
	equal(t, "cookies", b.names(), lastPair)

	// Pages of other schemes get no Strict cookies and use tokens in the body, for which they need CORS.
	capacitor := preflight("capacitor://localhost", "POST", "/jwt/refresh")
	capacitor.header.Set("Access-Control-Request-Headers", "content-type,x-request-id")
	a := s.do(t, capacitor).want(t, 204)
	wantCORS(t, a, "capacitor://localhost")
	if !hasToken(a.header, "Access-Control-Allow-Headers", "X-Request-Id") {
		t.Errorf("%s: want X-Request-Id among %q", a, a.header["Access-Control-Allow-Headers"])
	}
	for _, origin := range []string{"https://app.example.com:443", "https://app.example.com.", "https://App.example.com", "capacitor://localhost/", "http://app.example.com"} {
		b.origin = origin
		b.post(t, "/jwt/logout", "").check(t, 403, origin)
	}
	if err := s.leaks(); err != nil {
		t.Error(err)
	}
}
