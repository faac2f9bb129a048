package e2e

import (
	"strings"
	"testing"
)

// What every interface does at its edge: cookies, browsers, paths, methods, sizes.

func TestNoOtherInterfaceReadsCookies(t *testing.T) {
	each(t, others(), func(t *testing.T, p published) {
		x, y := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
		c := p.request(x)
		c.body = ""
		c.header = with(c.header, "Content-Type", "application/json", "Cookie", "refreshToken="+x.refresh+"; accessToken="+x.access)
		p.ask(t, c).want(t, 400)
		home.wantAlive(t, x)
		c = p.request(x)
		c.header = with(c.header, "Cookie", "refreshToken="+y.refresh+"; refresh_token="+x.refresh+"; accessToken="+y.access)
		if a := p.ask(t, c).want(t, 200); a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: got a cookie set", a)
		}
		home.wantAlive(t, y)
	})
}

func TestEveryInterfaceAnswersPreflightsAndBrowsers(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		const origin = "http://localhost:5173"
		for _, path := range []string{p.path, p.path + "/"} {
			wantPreflight(t, "POST", path)
		}
		c := p.request(home.issue(t, fresh(), home.demo.web))
		c.header = with(c.header, "Origin", origin)
		wantCORS(t, p.ask(t, c).want(t, 200), origin)
		c.body = "{"
		a := p.ask(t, c)
		if wantCORS(t, a, origin); a.status < 400 {
			t.Errorf("%s: want an error", a)
		}
	})
}

func TestATrailingSlashMeansNothingInEveryInterface(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		c := p.request(home.issue(t, fresh(), home.demo.web))
		c.path += "/"
		p.ask(t, c).want(t, 200)
	})
}

func TestTheOverrideHeaderIsRefusedInTheInterfacesOwnShape(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		for _, value := range []string{"DELETE", "delete", "PUT", "POST"} {
			c := p.request(x)
			c.header = with(c.header, "X-HTTP-Method-Override", value)
			p.ask(t, c).want(t, 400)
		}
		home.wantAlive(t, x)
	})
}

func TestPOSTReadsItsBodyOnlyInEveryInterface(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
		x := home.issue(t, fresh(), home.demo.web)
		for _, query := range []string{"?x=1", "?refreshToken=x", "?refresh_token=x", "?x=", "?x"} {
			c := p.request(x)
			c.path += query
			p.ask(t, c).want(t, 400)
		}
		home.wantAlive(t, x)
	})
}

func TestOver16KBIs413InTheInterfacesOwnShape(t *testing.T) {
	each(t, interfaces(), func(t *testing.T, p published) {
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
	each(t, others(), func(t *testing.T, p published) {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			checkEnvelope(t, home.do(t, call{method, p.path, nil, ""}).want(t, 404))
		}
		home.do(t, call{"POST", strings.ToUpper(p.path), nil, "{}"}).want(t, 404)
		home.do(t, call{"POST", p.path + "/x", nil, "{}"}).want(t, 404)
	})
}
