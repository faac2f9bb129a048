package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Cookies has the tokens that a refresh came with, and the names under which cookies are set again.
type Cookies struct {
	Refresh string
	Used    bool     // the refresh token came by cookie
	Access  []string // the different values there are

	refreshNames []string
	accessNames  []string
}

// Errors of cookies.
var (
	ErrTwoCookies = NewError(KindHeaders, http.StatusBadRequest, "There are cookies with different values for one token.")
	errCrossSite  = NewError(KindForbidden, http.StatusForbidden, "A cookie is not accepted from this origin.")
)

// cookiePairs are the two pairs of names, refresh token first.
var cookiePairs = [][2]string{{"refreshToken", "accessToken"}, {"refresh_token", "access_token"}}

// ReadCookies finds the refresh token: in the body, or else in a cookie. Errors: InputError, ErrTwoCookies.
func (r *Request) ReadCookies(inBody string) (Cookies, error) {
	jar := Cookies{Refresh: inBody}
	var refresh []string
	for _, pair := range cookiePairs {
		if values := r.cookies(pair[0]); len(values) > 0 {
			refresh = appendNew(refresh, values)
			jar.refreshNames = append(jar.refreshNames, pair[0])
		}
		if values := r.cookies(pair[1]); len(values) > 0 {
			jar.Access = appendNew(jar.Access, values)
			jar.accessNames = append(jar.accessNames, pair[1])
		}
	}
	switch {
	case jar.Refresh != "":
		if len(refresh) > 0 {
			jar.Access = nil // the body wins over cookies: this pair may be another session's
		}
		return jar, nil
	case len(refresh) == 0:
		return jar, FieldFault(KeyRefreshToken, "missing", "is required, in the body or as a cookie")
	case len(refresh) > 1:
		return jar, ErrTwoCookies
	}
	jar.Refresh, jar.Used = refresh[0], true
	return jar, nil
}

func appendNew(to, values []string) []string {
	for _, v := range values {
		if !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	return to
}

// Set are the headers that set both tokens as cookies again, where the refresh token came by cookie. Each keeps its
// name; an access token that did not come gets the name in the refresh cookie's pair.
func (jar Cookies) Set(g session.Grant) http.Header {
	if !jar.Used {
		return nil
	}
	accessNames := jar.accessNames
	for _, pair := range cookiePairs {
		if len(accessNames) == 0 && jar.refreshNames[0] == pair[0] {
			accessNames = []string{pair[1]}
		}
	}
	h := http.Header{}
	add := func(names []string, value string, maxAge int64) {
		for _, name := range names {
			h.Add("Set-Cookie", fmt.Sprintf("%s=%s; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Strict", name, value, maxAge))
		}
	}
	add(jar.refreshNames, g.Refresh.Reveal(), g.RefreshExpiresIn)
	add(accessNames, g.Access.Reveal(), g.ExpiresIn)
	return h
}

// RefreshTokens are all refresh tokens of a request: that of the body, unless it is "", and those in cookies.
func (r *Request) RefreshTokens(inBody string) []string {
	var all []string
	if inBody != "" {
		all = append(all, inBody)
	}
	for _, pair := range cookiePairs {
		all = appendNew(all, r.cookies(pair[0]))
	}
	return all
}

// ClearCookies are the headers that clear every pair of cookies.
func ClearCookies() http.Header {
	h := http.Header{}
	for _, pair := range cookiePairs {
		for _, name := range pair {
			h.Add("Set-Cookie", name+"=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict")
		}
	}
	return h
}

// SameSite refuses a cookie that a foreign page made the browser send (cross-site request forgery).
func (s Shell) SameSite(r *Request) error {
	for _, site := range r.Headers.Values("Sec-Fetch-Site") {
		if strings.EqualFold(site, "cross-site") {
			return errCrossSite
		}
	}
	for _, origin := range r.Headers.Values("Origin") {
		if !s.Origins.Allows(origin) && !s.ownOrigin(r, origin) {
			return errCrossSite
		}
	}
	return nil
}

// ownOrigin says whether origin is the API's: the issuer's, or that of the host that was asked.
func (s Shell) ownOrigin(r *Request, origin string) bool {
	if issuer, err := url.Parse(s.Issuer); err == nil && origin == issuer.Scheme+"://"+issuer.Host {
		return true
	}
	domain := r.Event.RequestContext.DomainName
	return domain != "" && origin == "https://"+domain
}

// cookies returns the values of all cookies of one name, without the empty ones.
func (r *Request) cookies(name string) []string {
	lines := http.Header{"Cookie": r.Headers.Values("Cookie")}
	var values []string
	for _, c := range (&http.Request{Header: lines}).CookiesNamed(name) {
		if c.Value != "" {
			values = append(values, c.Value)
		}
	}
	return values
}
