package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// One core stands behind every published interface. These tests hold what all of them share; the files named after an
// interface hold what is its own.

// published is one interface besides the Stencil guide's.
type published struct {
	name, path string
	refused    int // status of a refresh token that is not valid
	// request refreshes a session.
	request func(x session) call
	// tokens takes the new tokens out of an answer.
	tokens func(a answer) (access, refresh string)
	// check holds an answer against the interface's own shape.
	check func(t testing.TB, a answer)
}

func interfaces() []published {
	return []published{registryAPI("/User/RefreshToken"), registryAPI("/user/refreshToken"), marketplaceAPI(), oauthAPI()}
}

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
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for i := 0; i < len(more); i += 2 {
		h = with(h, more[i], more[i+1])
	}
	return h
}

// text is a member of an answer's top level; "" when it is no string.
func (a answer) text(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// ask makes a call and holds its answer against the interface's shape.
func (p published) ask(t testing.TB, c call) answer {
	t.Helper()
	a := home.do(t, c)
	access, refresh := p.tokens(a)
	home.keep(access)
	home.keep(refresh)
	if a.status != http.StatusNoContent && a.status != http.StatusNotFound {
		p.check(t, a)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: `Cache-Control: no-store` on everything but JWKS and metadata", a)
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
func each(t *testing.T, test func(t *testing.T, p published)) {
	t.Helper()
	t.Parallel()
	for _, p := range interfaces() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

func TestEveryInterfaceRotatesTheSameSession(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		y := p.rotate(t, x)
		if y.refresh == x.refresh || parseJWT(t, y.access).claims["sid"] != x.id {
			t.Error("the token did not rotate in its session")
		}
		home.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""}).want(t, 401) // "the previous access token stops working"
		home.do(t, call{"GET", "/jwt/refresh/" + x.id, y.owner(), ""}).want(t, 200)
		z := home.rotate(t, y) // and the guide's own refresh goes on from there
		if data := checkResource(t, home.resource(t, z).want(t, 200).body["data"]); data["generation"] != 2.0 {
			t.Errorf("generation is %v after two refreshes", data["generation"])
		}
	})
}

func TestEveryInterfaceKeepsAReusableToken(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.serviceApp())
		for range 2 {
			access, refresh := p.tokens(p.ask(t, p.request(x)).want(t, 200))
			if refresh != "" && refresh != x.refresh {
				t.Error("a reusable session answered another refresh token")
			}
			home.do(t, call{"GET", "/jwt/refresh/" + x.id, session{tenant: x.tenant, access: access}.owner(), ""}).want(t, 200)
		}
	})
}

func TestEveryInterfaceRepeatsWithinTheOverlap(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		first, again := p.rotate(t, x), p.rotate(t, x)
		if first.refresh != again.refresh || parseJWT(t, first.access).claims["jti"] != parseJWT(t, again.access).claims["jti"] {
			t.Error("a repeated refresh answers the same successor and names the same access token")
		}
		if guide := home.present(t, x.refresh).want(t, 200); guide.data("refreshToken") != first.refresh {
			t.Error("one core: the guide's interface answers another successor")
		}
	})
}

func TestEveryInterfaceEndsASessionOnReuse(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		y := p.rotate(t, p.rotate(t, x))
		p.ask(t, p.request(x)).want(t, p.refused)
		home.wantDead(t, y)
	})
}

func TestEveryInterfaceAgreesOn64ConcurrentRefreshes(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		answers := make([]answer, 64)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range answers {
			all.Go(func() {
				<-start
				a, err := home.send(p.request(x))
				if err != nil {
					t.Error(err)
				}
				answers[i] = a
			})
		}
		close(start)
		all.Wait()
		_, want := p.tokens(answers[0])
		for _, a := range answers {
			if _, refresh := p.tokens(a.want(t, 200)); refresh != want || refresh == "" {
				t.Fatal("64 concurrent refreshes of one token all answer 200 with the same refresh token")
			}
		}
		if data := checkResource(t, home.resource(t, x).want(t, 200).body["data"]); data["generation"] != 1.0 {
			t.Errorf("the state changes once; generation is %v", data["generation"])
		}
	})
}

func TestEveryInterfaceRefusesWhatIsNotValid(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		expired := home.issue(t, fresh(), home.shortApp())
		issued := time.Now()
		deleted := home.issue(t, fresh(), home.demo.web)
		home.do(t, call{"DELETE", "/jwt/refresh/" + deleted.id, home.demo.admin(), ""}).want(t, 200)
		x := home.issue(t, fresh(), home.demo.web)
		garbage, forged := x, x
		garbage.refresh, forged.refresh = "garbage", x.refresh[:60]+flip(x.refresh[60])+x.refresh[61:]
		bodies := map[string]string{}
		for name, y := range map[string]session{"deleted": deleted, "garbage": garbage, "forged": forged} {
			bodies[name] = p.ask(t, p.request(y)).want(t, p.refused).raw
		}
		time.Sleep(4500*time.Millisecond - time.Since(issued))
		bodies["expired"] = p.ask(t, p.request(expired)).want(t, p.refused).raw
		for name, body := range bodies {
			if body != bodies["deleted"] {
				t.Errorf("all refusals read the same; %s reads %s, deleted reads %s", name, body, bodies["deleted"])
			}
		}
		home.wantAlive(t, x)
	})
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
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		c := p.request(x)
		c.header = with(c.header, "X-Stencil-TenantId", home.other.id)
		if a := p.ask(t, c); a.status < 400 {
			t.Errorf("%s: another tenant's name", a)
		}
		home.wantAlive(t, x)
		c = p.request(x)
		c.header = with(c.header, "X-Stencil-TenantId", home.demo.id)
		p.ask(t, c).want(t, 200)
	})
}
