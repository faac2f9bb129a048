package e2e

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// One core stands behind every published interface. These tests are what all of them share; the files named after an
// interface test what is its own.

// published is one interface.
type published struct {
	at         *service // nil for home
	name, path string
	refused    int // status of a refresh token that is not valid
	// request refreshes a session.
	request func(x session) call
	// tokens takes the new tokens out of an answer.
	tokens func(a answer) (access, refresh string)
	// check compares an answer with the interface's own shape.
	check func(t testing.TB, a answer)
}

func stencilAPI() published {
	return published{
		name: "Stencil", path: "/jwt/refresh", refused: 400,
		request: func(x session) call { return call{"POST", "/jwt/refresh", nil, x.body()} },
		tokens:  func(a answer) (string, string) { return a.data("accessToken"), a.data("refreshToken") },
		check: func(t testing.TB, a answer) {
			t.Helper()
			if a.status == http.StatusOK {
				checkGrant(t, a)
			}
		},
	}
}

// others are the interfaces besides the Stencil guide's.
func others() []published {
	return []published{sevenGAPI("/User/RefreshToken"), sevenGAPI("/user/refreshToken"), kirjaSwappiAPI(), oauthAPI()}
}

func interfaces() []published { return append(others(), stencilAPI()) }

// form is form data; pairs are name, value, name, value, and stay in order.
func form(pairs ...string) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		parts = append(parts, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	return strings.Join(parts, "&")
}

// isForm is the header of a form, with further pairs of name and value.
func isForm(more ...string) http.Header {
	return with(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, more...)
}

// ask makes a call and compares its answer with the interface's shape.
func (p published) ask(t testing.TB, c call) answer {
	t.Helper()
	s := cmp.Or(p.at, home)
	a := s.do(t, c)
	s.keep(p.tokens(a))
	if a.status != http.StatusNoContent && a.status != http.StatusNotFound {
		p.check(t, a)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control: got %q, want no-store", a, got)
	}
	return a
}

// rotate refreshes a session through the interface.
func (p published) rotate(t testing.TB, x session) session {
	t.Helper()
	x.access, x.refresh = p.tokens(p.ask(t, p.request(x)).want(t, 200))
	return x
}

// each runs a test per interface.
func each(t *testing.T, all []published, test func(t *testing.T, p published)) {
	t.Helper()
	t.Parallel()
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

func jti(t testing.TB, access string) any {
	t.Helper()
	return parseJWT(t, access).claims["jti"]
}

// wantResource reads a session's resource and compares its generation.
func (s *service) wantResource(t testing.TB, x session, generation float64) map[string]any {
	t.Helper()
	data := checkResource(t, s.resource(t, x).want(t, 200).body["data"])
	if data["generation"] != generation {
		t.Errorf("generation: got %v, want %v", data["generation"], generation)
	}
	return data
}

func TestEveryInterfaceRotatesTheSameSession(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		home.read(t, x).want(t, 200)
		y := p.rotate(t, x)
		if sid := parseJWT(t, y.access).claims["sid"]; y.refresh == x.refresh || sid != x.id {
			t.Errorf("got a token of session %v, want another one of %s", sid, x.id)
		}
		if at := home.wantResource(t, x, 1)["lastRefreshedAt"]; at == nil {
			t.Error("lastRefreshedAt: got null after a refresh")
		}
		previous := 200 // keepPreviousAccessToken is on: requests under way in another tab go on
		if strings.HasPrefix(p.name, "7G") {
			previous = 401
		}
		home.read(t, x).want(t, previous)
		home.read(t, y).want(t, 200)
		z := home.rotate(t, y) // and the guide's own refresh goes on from there
		home.wantResource(t, z, 2)
	})
}

func TestEveryInterfaceKeepsAReusableToken(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.serviceApp())
		before := home.wantResource(t, x, 0)
		time.Sleep(2 * time.Millisecond) // expiries have the resolution of one
		for range 3 {
			access, refresh := p.tokens(p.ask(t, p.request(x)).want(t, 200))
			if refresh != "" && refresh != x.refresh {
				t.Error("a reusable session: got another refresh token")
			}
			home.read(t, session{tenant: x.tenant, id: x.id, access: access}).want(t, 200)
		}
		home.read(t, x).want(t, 200) // the access tokens of before work on
		after := home.wantResource(t, x, 0)
		if !timeOf(t, after["expiresAt"]).After(timeOf(t, before["expiresAt"])) || after["absoluteExpiresAt"] != before["absoluteExpiresAt"] {
			t.Errorf("want only the idle expiry extended: before %v, after %v", before, after)
		}
	})
}

func TestEveryInterfaceRepeatsWithinTheOverlap(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		first := p.rotate(t, x)
		for range 3 {
			if again := p.rotate(t, x); first.refresh != again.refresh || jti(t, first.access) != jti(t, again.access) {
				t.Error("a repeated refresh: got another successor or another access token")
			}
		}
		if got := home.present(t, x.refresh).want(t, 200); got.data("refreshToken") != first.refresh {
			t.Error("the guide's interface: got another successor")
		}
		home.wantResource(t, x, 1)
		p.rotate(t, first)
	})
}

func TestEveryInterfaceEndsASessionOnReuse(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		first := home.issue(t, fresh(), home.demo.web)
		bystander := home.issue(t, first.user, home.demo.web)
		second := p.rotate(t, first)
		current := second
		for range 6 {
			current = p.rotate(t, current)
		}
		if again := p.rotate(t, second); again.refresh != current.refresh {
			t.Error("a retry of six generations behind: got another token than the current one")
		}
		p.ask(t, p.request(first)).want(t, p.refused) // seven behind
		home.wantDead(t, current)
		p.ask(t, p.request(second)).want(t, p.refused)
		home.wantAlive(t, bystander)
	})
}

func TestEveryInterfaceAgreesOn64ConcurrentRefreshes(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		for range 2 {
			x := home.issue(t, fresh(), home.demo.web)
			var won []session
			for _, a := range home.atOnce(t, 64, func(int) call { return p.request(x) }) {
				access, refresh := p.tokens(a)
				home.keep(access, refresh)
				if a.status == http.StatusServiceUnavailable {
					continue // a busy engine; the client repeats it
				}
				a.want(t, 200)
				won = append(won, session{refresh: refresh, access: access})
			}
			for _, y := range won {
				if y.refresh == "" || y.refresh != won[0].refresh || jti(t, y.access) != jti(t, won[0].access) {
					t.Fatal("64 concurrent refreshes: got different tokens, want one successor")
				}
			}
			x = p.rotate(t, x) // repeats it
			if len(won) > 0 && x.refresh != won[0].refresh {
				t.Error("a repetition: got another successor")
			}
			home.wantResource(t, x, 1)
			p.rotate(t, x)
		}
	})
}

func TestEveryInterfaceRefusesAnyTokenThatIsNotValidInTheSameWords(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x, deleted, reused := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
		home.do(t, call{"DELETE", "/jwt/refresh/" + deleted.id, deleted.owner(), ""}).want(t, 200)
		home.supersede(t, reused)
		want := p.ask(t, p.request(deleted)).want(t, p.refused).raw
		same := func(name string, y session) {
			t.Helper()
			if got := p.ask(t, p.request(y)).want(t, p.refused).raw; got != want {
				t.Errorf("%s: got %s, want %s as for a deleted token", name, got, want)
			}
		}
		same("reused", reused)
		same("gone", reused)
		for name, text := range map[string]string{
			"forged": x.refresh[:60] + flip(x.refresh[60]) + x.refresh[61:], "garbage": "garbage", "a prefix": "srt_", "an API key": home.demo.key,
			"an access token": x.access, "too long": "srt_" + strings.Repeat("A", 5000),
		} {
			if len(text) > 255 && strings.HasPrefix(p.name, "7G") {
				continue // a field at fault there
			}
			y := x
			y.refresh = text
			same(name, y)
		}
		home.wantAlive(t, x)
		if !testing.Short() {
			expired := home.issue(t, fresh(), home.shortApp())
			sleepUntil(expired.expires)
			same("expired", expired)
		}
	})
}

// flip is another character of the alphabet.
func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// Not parallel: it ends every session of the application.
func TestEveryInterfaceRefusesASessionDeletedByEpoch(t *testing.T) {
	for _, p := range interfaces() {
		x := home.issue(t, fresh(), home.demo.web)
		home.do(t, call{"DELETE", "/jwt/applications/" + home.demo.web + "/refresh", home.demo.admin(), ""}).want(t, 200)
		p.ask(t, p.request(x)).want(t, p.refused)
		y := home.issue(t, fresh(), home.demo.web)
		p.ask(t, p.request(y)).want(t, 200)
	}
}

func TestEveryInterfaceTakesTheRightTenantHeaderOnly(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		c := p.request(x)
		c.header = with(c.header, "X-Stencil-TenantId", home.other.id)
		if a := p.ask(t, c); a.status < 400 {
			t.Errorf("%s: want another tenant's name refused", a)
		}
		home.wantAlive(t, x)
		c = p.request(x)
		c.header = with(c.header, "X-Stencil-TenantId", home.demo.id)
		p.ask(t, c).want(t, 200)
	})
}
