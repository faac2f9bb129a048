package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// cookieJar is where the refresh token was found and under which names cookies go back.
type cookieJar struct {
	refresh string
	used    bool     // the refresh token came by cookie
	access  []string // the different values there are

	refreshNames []string
	accessNames  []string
}

// cookiePairs are the two pairs of names, refresh token first.
var cookiePairs = [][2]string{{"refreshToken", "accessToken"}, {"refresh_token", "access_token"}}

// readCookies finds the refresh token: in the body, or else in a cookie. Errors: InputError, errTwoCookies.
func readCookies(r *request, in input) (cookieJar, error) {
	jar := cookieJar{refresh: in[keyRefreshToken]}
	var refresh []string
	for _, pair := range cookiePairs {
		if values := r.cookies(pair[0]); len(values) > 0 {
			refresh = appendNew(refresh, values)
			jar.refreshNames = append(jar.refreshNames, pair[0])
		}
		if values := r.cookies(pair[1]); len(values) > 0 {
			jar.access = appendNew(jar.access, values)
			jar.accessNames = append(jar.accessNames, pair[1])
		}
	}
	switch {
	case jar.refresh != "":
		if len(refresh) > 0 {
			jar.access = nil // the body wins over cookies: this pair may be another session's
		}
		return jar, nil
	case len(refresh) == 0:
		return jar, fieldFault(keyRefreshToken, "missing", "is required, in the body or as a cookie")
	case len(refresh) > 1:
		return jar, errTwoCookies
	}
	jar.refresh, jar.used = refresh[0], true
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

// set answers a cookie-borne refresh with both tokens as cookies, under the names they came with; an access
// token that did not come takes the name of the refresh cookie's pair.
func (jar cookieJar) set(g session.Grant) http.Header {
	if !jar.used {
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

// sameSite refuses a cookie that a foreign page made the browser send (cross-site request forgery).
func (c Core) sameSite(r *request) error {
	for _, site := range r.headers.Values("Sec-Fetch-Site") {
		if strings.EqualFold(site, "cross-site") {
			return errCrossSite
		}
	}
	for _, origin := range r.headers.Values("Origin") {
		if !c.Origins.Allows(origin) && !c.ownOrigin(r, origin) {
			return errCrossSite
		}
	}
	return nil
}

// ownOrigin says whether origin is the API's: the issuer's, or that of the host that was asked.
func (c Core) ownOrigin(r *request, origin string) bool {
	if issuer, err := url.Parse(c.Issuer); err == nil && origin == issuer.Scheme+"://"+issuer.Host {
		return true
	}
	domain := r.event.RequestContext.DomainName
	return domain != "" && origin == "https://"+domain
}
