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
	{"POST", "/jwt/logout"},
	{"DELETE", "/jwt/users/u/refresh"},
	{"DELETE", "/jwt/applications/a/refresh"},
	{"DELETE", "/jwt/users/u/applications/a/refresh"},
	{"GET", "/.well-known/jwks.json"},
}

// requestHeaders are those that pages may send.
var requestHeaders = []string{
	"authorization", "content-type", "x-stencil-tenantid", "x-stencil-tenanid", "x-http-method-override", "version", "dpop",
	"traceparent", "tracestate", "baggage", "sentry-trace",
}

func preflight(origin, method, path string) call {
	return call{"OPTIONS", path, http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {method},
		"Access-Control-Request-Headers": {strings.Join(requestHeaders, ",")},
	}, ""}
}

// wantPreflight asks as a browser does before it sends a request, from an allowed origin and from another one.
func wantPreflight(t *testing.T, method, path string) {
	t.Helper()
	const origin = "http://localhost:5173"
	a := home.do(t, preflight(origin, method, path)).want(t, http.StatusNoContent)
	wantCORS(t, a, origin)
	for name, items := range map[string][]string{
		"Access-Control-Allow-Methods": {method, "GET", "POST", "PATCH", "DELETE"}, "Access-Control-Allow-Headers": requestHeaders,
	} {
		for _, item := range items {
			if !hasToken(a.header, name, item) {
				t.Errorf("%s: %s: got %q, want %s among them", a, name, a.header[name], item)
			}
		}
	}
	wantNoCORS(t, home.do(t, preflight("https://evil.example", method, path)).want(t, http.StatusNoContent))
}

func wantCORS(t *testing.T, a answer, origin string) {
	t.Helper()
	for name, want := range map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} {
		if got := a.header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s: got %q, want %q", a, name, got, want)
		}
	}
	if !hasToken(a.header, "Vary", "Origin") {
		t.Errorf("%s: Vary: got %q, want Origin among them", a, a.header["Vary"])
	}
}

func wantNoCORS(t *testing.T, a answer) {
	t.Helper()
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("%s: allowed origin: got %q, want none", a, got)
	}
}

func TestPreflightsAreAnsweredOnEveryPublicRoute(t *testing.T) {
	t.Parallel()
	for _, r := range publicRoutes {
		wantPreflight(t, r[0], r[1])
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
			for _, name := range []string{"X-Refresh-Operation", "DPoP-Nonce", "Retry-After"} {
				if got := a.header["Access-Control-Expose-Headers"]; !hasToken(a.header, "Access-Control-Expose-Headers", name) {
					t.Errorf("exposed headers: got %q, want %s among them", got, name)
				}
			}
		} else {
			wantNoCORS(t, a)
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
		wantNoCORS(t, home.do(t, c.call).want(t, c.status))
	}
}
