package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// What every interface besides the Stencil guide's does at its edge: cookies, browsers, paths, methods, sizes.

func TestNoOtherInterfaceReadsCookies(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
		c := p.request(x)
		c.body = ""
		c.header = with(with(c.header, "Content-Type", "application/json"), "Cookie", "refreshToken="+x.refresh+"; accessToken="+x.access)
		p.ask(t, c).want(t, 400)
		home.wantAlive(t, x)
		c = p.request(x)
		c.header = with(c.header, "Cookie", "refreshToken="+y.refresh+"; refresh_token="+x.refresh+"; accessToken="+y.access)
		if a := p.ask(t, c).want(t, 200); a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie is set", a)
		}
		home.wantAlive(t, y)
	})
}

func TestEveryInterfaceAnswersPreflightsAndBrowsers(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		const origin = "http://localhost:5173"
		for _, path := range []string{p.path, p.path + "/"} {
			wantCORS(t, home.do(t, preflight(origin, "POST", path)).want(t, 204), origin)
			if got := home.do(t, preflight("https://evil.example", "POST", path)).want(t, 204).header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("a foreign origin is allowed: %q", got)
			}
		}
		c := p.request(home.issue(t, fresh(), home.demo.web))
		c.header = with(c.header, "Origin", origin)
		wantCORS(t, p.ask(t, c).want(t, 200), origin)
		c.body = "{"
		a := p.ask(t, c)
		if wantCORS(t, a, origin); a.status < 400 {
			t.Errorf("%s: headers also on errors", a)
		}
	})
}

func TestATrailingSlashMeansNothingInEveryInterface(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		c := p.request(home.issue(t, fresh(), home.demo.web))
		c.path += "/"
		p.ask(t, c).want(t, 200)
	})
}

func TestTheOverrideHeaderIsRefusedInTheInterfacesOwnShape(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		for _, value := range []string{"DELETE", "delete", "PUT", "POST"} {
			c := p.request(x)
			c.header = with(c.header, "X-HTTP-Method-Override", value)
			p.ask(t, c).want(t, 400) // "only on `/jwt/refresh` and `/jwt/refresh/{id}`; elsewhere a 400"
		}
		home.wantAlive(t, x)
	})
}

func TestPOSTReadsItsBodyOnlyInEveryInterface(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		for _, query := range []string{"?x=1", "?refreshToken=" + url.QueryEscape("x"), "?refresh_token=x", "?x=", "?x"} {
			c := p.request(x)
			c.path += query
			p.ask(t, c).want(t, 400) // "any query key is a 400"
		}
		home.wantAlive(t, x)
	})
}

func TestOver16KBIs413InTheInterfacesOwnShape(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		c := p.request(x)
		c.body += strings.Repeat(" ", 16_385-len(c.body))
		p.ask(t, c).want(t, 413)
		home.wantAlive(t, x)
		if p.name != "oauth" { // where blanks are part of the last value
			c.body = c.body[:16_384]
			p.ask(t, c).want(t, 200)
		}
	})
}

func TestAnUnknownMethodIs404InEveryInterface(t *testing.T) {
	each(t, func(t *testing.T, p published) {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			checkEnvelope(t, home.do(t, call{method, p.path, nil, ""}).want(t, 404))
		}
		home.do(t, call{"POST", strings.ToUpper(p.path), nil, "{}"}).want(t, 404)
		home.do(t, call{"POST", p.path + "/x", nil, "{}"}).want(t, 404)
	})
}
