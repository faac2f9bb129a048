package e2e

import (
	"net/http"
	"testing"
)

// Attacks of other pages. A browser sends Origin with every POST, and its Host cannot be forged.

// origins are headers of a request with cookies, and whether it passes.
func origins() map[bool][][]string {
	own := home.creds["BASE_URL"]
	return map[bool][][]string{
		false: {
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Origin", ""},
			{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"},
			{"Origin", "null", "Sec-Fetch-Site", "none"},
			{"Origin", own, "Origin", "https://evil.example"},
			{"Origin", own + ", https://evil.example"},
			{"Origin", own + "/"},
			{"Origin", own + "."},
			{"Origin", "http://localhost:5173/"},
			{"Origin", "http://LOCALHOST:5173"},
			{"Origin", "HTTP://localhost:5173"},
			{"Origin", "http://localhost.:5173"},
			{"Origin", "file://localhost"},
			{"Origin", "http://localhost.evil.example"},
			{"Origin", "http://127.0.0.1.evil.example"},
			{"Origin", "http://evil.example/?http://localhost"},
			{"Origin", "http://localhost@evil.example"},
			{"Origin", "http://evil.example#@localhost"},
			{"Origin", "http://10.0.0.1:3000"},
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"}, // a neighbour, or a page that plants a session
			{"Sec-Fetch-Site", ""},
			{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"},
		},
		true: {
			nil,
			{"Sec-Fetch-Site", "same-origin"},
			{"Sec-Fetch-Site", "none"},
			{"Origin", own},
			{"Origin", own, "Sec-Fetch-Site", "same-origin"},
			{"Origin", "http://localhost:5173"},
			{"Origin", "http://localhost:5173", "Sec-Fetch-Site", "cross-site"},
			{"Origin", "http://[::1]:5173"},
		},
	}
}

func TestRequestsWithCookiesFromElsewhereAreForbidden(t *testing.T) {
	t.Parallel()
	for passes, all := range origins() {
		for _, header := range all {
			x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
			status := map[bool]int{true: 200, false: 403}[passes]
			want := func(c call) {
				t.Helper()
				a := home.do(t, c).check(t, status, header, c.path)
				if !passes && a.header.Get("Set-Cookie") != "" {
					t.Errorf("%q: got Set-Cookie, want none", header)
				}
			}
			want(cookieCall("refreshToken="+x.refresh, header...))
			plant := call{"POST", "/jwt/refresh", with(nil, header...), `{"refreshToken":"` + y.refresh + `","cookies":true}`}
			want(plant)
			plant.header = with(plant.header, "Content-Type", "text/plain") // as a form sends it, without a preflight
			want(plant)
			if !passes {
				home.wantAlive(t, x, y)
			}
			logout := call{"POST", "/jwt/logout", with(nil, header...), ""}
			want(logout)
			logout.header = with(logout.header, "Cookie", "refreshToken="+x.refresh)
			want(logout)
			logout.header, logout.body = with(nil, append([]string{"Content-Type", "text/plain"}, header...)...), y.body()
			want(logout)
			if passes {
				home.resource(t, x).check(t, 404)
				home.resource(t, y).check(t, 404)
			} else {
				home.wantAlive(t, x, y)
			}
		}
	}
}

// A page elsewhere cannot know the token in the body, and such a refresh touches no cookie.
func TestARefreshByBodyPassesFromEveryOrigin(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	header := http.Header{"Origin": {"https://evil.example"}, "Cookie": {"accessToken=" + x.access}}
	a := home.do(t, call{"POST", "/jwt/refresh", header, x.body()}).want(t, 200)
	equal(t, "Set-Cookie", a.header.Get("Set-Cookie"), "")
	wantNoCORS(t, a)
}
