package api

import (
	"net/http"
	"net/url"
)

var errForeignOrigin = NewError(KindForbidden, http.StatusForbidden, "Cookies are not accepted from this origin.")

// CheckOrigin stands before every request that reads, sets or clears a cookie: another site's page must neither use a
// browser's session nor plant one (cross-site request forgery, login CSRF). An Origin decides, whatever Sec-Fetch-Site
// says; a request with neither is not of a browser.
func (s Shell) CheckOrigin(r *Request) error {
	origins := r.Headers.Values("Origin")
	for _, origin := range origins {
		if !s.Origins.Allows(origin) && !s.ownOrigin(r, origin) {
			return errForeignOrigin
		}
	}
	if len(origins) > 0 {
		return nil
	}
	for _, site := range r.Headers.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return errForeignOrigin
		}
	}
	return nil
}

// ownOrigin says whether origin is the API's: the issuer's, or that of the host that was asked.
func (s Shell) ownOrigin(r *Request, origin string) bool {
	if issuer, err := url.Parse(s.Issuer); err == nil && issuer.Host != "" && origin == issuer.Scheme+"://"+issuer.Host {
		return true
	}
	domain := r.Event.RequestContext.DomainName
	return domain != "" && origin == "https://"+domain
}
