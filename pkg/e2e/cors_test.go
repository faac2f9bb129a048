package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// publicRoutes is every route of the Stencil guide, with an example of its path.
var publicRoutes = [][2]string{
	{"POST", "/jwt/issue"},
	{"POST", "/jwt/refresh"},
	{"GET", "/jwt/refresh"},
	{"DELETE", "/jwt/refresh"},
	{"GET", "/jwt/refresh/x"},
	{"DELETE", "/jwt/refresh/x"},
	{"POST", "/jwt/refresh/x"},
	{"POST", "/jwt/revoke"},
	{"DELETE", "/jwt/users/u/refresh"},
	{"DELETE", "/jwt/applications/a/refresh"},
	{"DELETE", "/jwt/users/u/applications/a/refresh"},
	{"GET", "/.well-known/jwks.json"},
}

func preflight(origin, method, path string) call {
	return call{"OPTIONS", path, http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {method},
		"Access-Control-Request-Headers": {"authorization,content-type,x-stencil-tenantid"},
	}, ""}
}

func TestPreflightsAreAnsweredOnEveryPublicRoute(t *testing.T) {
	t.Parallel()
	const origin = "http://localhost:5173"
	for _, r := range publicRoutes {
		a := home.do(t, preflight(origin, r[0], r[1])).want(t, http.StatusNoContent)
		wantCORS(t, a, origin)
		if !hasToken(a.header, "Access-Control-Allow-Methods", r[0]) {
			t.Errorf("%s: methods are %q, want %s", a, a.header["Access-Control-Allow-Methods"], r[0])
		}
		for _, name := range []string{"authorization", "content-type", "x-stencil-tenantid"} {
			if !hasToken(a.header, "Access-Control-Allow-Headers", name) {
				t.Errorf("%s: headers are %q, want %s", a, a.header["Access-Control-Allow-Headers"], name)
			}
		}
		a = home.do(t, preflight("https://evil.example", r[0], r[1])).want(t, http.StatusNoContent)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: a foreign origin is allowed: %q", a, got)
		}
	}
}

func wantCORS(t *testing.T, a answer, origin string) {
	t.Helper()
	if got := a.header.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != origin {
		t.Errorf("%s: allowed origin %q, want %q", a, got, origin)
	}
	if a.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%s: credentials allowed; got %q", a, a.header.Get("Access-Control-Allow-Credentials"))
	}
	if !hasToken(a.header, "Vary", "Origin") {
		t.Errorf("%s: Vary is %q", a, a.header["Vary"])
	}
}

func TestLoopbackOriginsAreEchoedAndNoOther(t *testing.T) {
	t.Parallel()
	for origin, allowed := range map[string]bool{
		"http://localhost:5173": true, "http://localhost": true, "http://127.0.0.1:8080": true, "http://[::1]:3000": true,
		"https://evil.example": false, "http://localhost.evil.example": false, "http://127.0.0.1.evil.example:80": false, "null": false,
		"http://evil.example#localhost": false, "http://localhost@evil.example": false, "*": false, "http://10.0.0.1:3000": false,
	} {
		header := with(home.demo.admin(), "Origin", origin)
		a := home.do(t, call{"GET", "/jwt/refresh?userId=u", header, ""}).want(t, 200)
		if allowed {
			wantCORS(t, a, origin)
			if !hasToken(a.header, "Access-Control-Expose-Headers", "X-Refresh-Operation") {
				t.Errorf("`X-Refresh-Operation` exposed; got %q", a.header["Access-Control-Expose-Headers"])
			}
		} else if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%q is allowed as %q", origin, got)
		}
	}
}

func TestErrorsCarryCORSHeadersToo(t *testing.T) {
	t.Parallel()
	const origin = "http://127.0.0.1:4321"
	read := home.demo.as(home.creds["READ_API_KEY"])
	cases := []struct {
		call   call
		status int
	}{
		{call{"GET", "/jwt/refresh?userId=u", http.Header{}, ""}, 401},
		{call{"POST", "/jwt/refresh", http.Header{}, `{"userId":"u"}`}, 401},
		{call{"POST", "/jwt/issue", home.other.as(home.demo.key), `{}`}, 403},
		{call{"POST", "/jwt/issue", read, `{}`}, 403},
		{call{"GET", "/jwt/unknown", http.Header{}, ""}, 404},
		{call{"PUT", "/jwt/refresh", http.Header{}, ""}, 404},
		{call{"GET", "/jwt/refresh/unknown", read, ""}, 404},
		{call{"POST", "/jwt/refresh", http.Header{}, `{}`}, 400},
		{call{"POST", "/jwt/refresh", http.Header{}, strings.Repeat(" ", 20_000)}, 413},
		{call{"GET", "/jwt/refresh", read, ""}, 400},
	}
	for _, c := range cases {
		c.call.header = with(c.call.header, "Origin", origin)
		wantCORS(t, home.do(t, c.call).want(t, c.status), origin)
		c.call.header["Origin"] = []string{"https://evil.example"}
		if got := home.do(t, c.call).want(t, c.status).header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("a foreign origin is allowed: %q", got)
		}
	}
}
