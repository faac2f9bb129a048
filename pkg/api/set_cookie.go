package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Granted are the headers that set both tokens, where the refresh came by cookie or wants cookies; otherwise nil.
func (c *Cookies) Granted(g session.Grant) http.Header {
	if !c.Used() {
		return nil
	}
	h := clearing(c.domain, c.clear)
	for kind, value := range []string{g.Refresh.Reveal(), g.Access.Reveal()} {
		maxAge := []int64{g.RefreshExpiresIn, g.ExpiresIn}[kind]
		for _, name := range c.set[kind] {
			if c.domain != "" && c.leftover(kind, name) {
				h.Add("Set-Cookie", setCookie(name, "", 0, ""))
			}
			h.Add("Set-Cookie", setCookie(name, value, maxAge, c.domain))
		}
	}
	return h
}

// leftover reports whether the browser may have two cookies of one name: one from before there was a domain.
func (c *Cookies) leftover(kind int, name string) bool {
	times := 0
	for _, one := range c.came[kind] {
		if one.pair[kind] == name {
			times++
		}
	}
	return times > 1 || c.inBody && times > 0
}

// Dead are the headers that clear the cookies which a refresh came with; nil where its token is in the body.
func (c *Cookies) Dead() http.Header {
	if !c.inCookie() {
		return nil
	}
	var names []string
	for kind, came := range c.came {
		for _, one := range came {
			names = appendNew(names, one.pair[kind])
		}
	}
	return clearing(c.domain, names)
}

// ClearCookies are the headers that clear every pair.
func (s Shell) ClearCookies() http.Header {
	return clearing(s.CookieDomain, slices.Concat(cookiePairs[0][:], cookiePairs[1][:], cookiePairs[2][:]))
}

// clearing are the headers that clear cookies, with the domain and without.
func clearing(domain string, names []string) http.Header {
	h := http.Header{}
	for _, name := range names {
		h.Add("Set-Cookie", setCookie(name, "", 0, ""))
		if domain != "" && !strings.HasPrefix(name, hostPrefix) {
			h.Add("Set-Cookie", setCookie(name, "", 0, domain))
		}
	}
	return h
}

func setCookie(name, value string, maxAge int64, domain string) string {
	if domain != "" {
		domain = "; Domain=" + domain
	}
	return fmt.Sprintf("%s=%s; Path=/%s; Max-Age=%d; HttpOnly; Secure; SameSite=Strict", name, value, domain, maxAge)
}
