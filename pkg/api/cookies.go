package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// cookiePairs are the pairs of names, refresh token first. Only this host can set the first pair (RFC 6265bis section
// 4.1.3.2), so the others are ignored beside it.
var cookiePairs = [][2]string{
	{hostPrefix + "refresh_token", hostPrefix + "access_token"},
	{"refreshToken", "accessToken"},
	{"refresh_token", "access_token"},
}

const hostPrefix = "__Host-"

// maxForeign is how many values of one name may be refresh tokens of another system. Each costs a read where such are
// accepted, and a header has room for hundreds.
const maxForeign = 3

// The kinds of cookies in a pair.
const (
	ofRefresh = iota
	ofAccess
)

// cookie is one token in a cookie.
type cookie struct {
	pair  [2]string
	value string
	token token.Refresh // of a genuine refresh token, where several are compared
}

// cookies returns the cookies of one kind that have a value, in the order of the pairs.
func (r *Request) cookies(kind int) []cookie {
	header := http.Header{"Cookie": r.Headers.Values("Cookie")}
	var found []cookie
	for _, pair := range cookiePairs {
		foreign := 0
		for _, c := range (&http.Request{Header: header}).CookiesNamed(pair[kind]) {
			isForeign := kind == ofRefresh && token.IsForeign(c.Value)
			if isForeign {
				foreign++
			}
			if c.Value != "" && (!isForeign || foreign <= maxForeign) {
				found = append(found, cookie{pair: pair, value: c.Value})
			}
		}
	}
	return found
}

// Cookies are the cookies of a refresh: the tokens that it came with, and the names that its answer sets and clears.
type Cookies struct {
	Refresh string   // the refresh token that counts, from the body or a cookie
	Access  []string // the different access tokens in cookies

	inBody bool // the refresh token is in the body
	wanted bool // the answer sets cookies even so
	domain string
	came   [2][]cookie
	set    [2][]string
	clear  []string
}

// Cookies reads the cookies of a refresh. Its body has the refresh token inBody, or ""; wanted says that it asks for
// cookies.
func (s Shell) Cookies(r *Request, inBody string, wanted bool) *Cookies {
	jar := &Cookies{Refresh: inBody, inBody: inBody != "", wanted: wanted, domain: s.CookieDomain}
	jar.came = [2][]cookie{r.cookies(ofRefresh), r.cookies(ofAccess)}
	for kind, came := range jar.came {
		if !jar.inBody && len(came) > 0 && came[0].pair == cookiePairs[0] {
			for other := kind; other < len(jar.came); other++ {
				jar.came[other] = slices.DeleteFunc(jar.came[other], func(c cookie) bool { return c.pair != cookiePairs[0] })
			}
		}
	}
	for _, one := range jar.came[ofAccess] {
		jar.Access = appendNew(jar.Access, one.value)
	}
	return jar
}

// Used reports whether the request reads or sets cookies. If so, its origin must be allowed.
func (c *Cookies) Used() bool { return c.wanted || c.inCookie() }

// inCookie reports whether the refresh token came by cookie.
func (c *Cookies) inCookie() bool { return !c.inBody && len(c.came[ofRefresh]) > 0 }

// Choose decides which refresh token counts and which names the answer sets. Errors: InputError without a refresh token;
// TwoSessionsError; keys.ErrUnavailable.
func (c *Cookies) Choose(ctx context.Context, identifier session.Identifier) error {
	if !c.inBody && !c.inCookie() {
		return FieldFault(KeyRefreshToken, "missing", "is required, in the body or as a cookie")
	}
	if !c.Used() {
		return nil
	}
	if err := c.keepOwn(ctx, identifier); err != nil {
		return err
	}
	if c.inBody {
		c.begin()
	} else if err := c.goOn(); err != nil {
		return err
	}
	for _, one := range c.came[ofAccess] {
		switch {
		case c.domain != "" && one.pair == cookiePairs[0], slices.Contains(c.clear, one.pair[ofRefresh]):
			c.clear = appendNew(c.clear, one.pair[ofAccess])
		case !c.inBody:
			c.set[ofAccess] = appendNew(c.set[ofAccess], one.pair[ofAccess])
		}
	}
	if len(c.set[ofAccess]) > 0 {
		return nil
	}
	for _, pair := range cookiePairs {
		if slices.Contains(c.set[ofRefresh], pair[ofRefresh]) {
			c.set[ofAccess] = append(c.set[ofAccess], pair[ofAccess])
		}
	}
	return nil
}

// keepOwn drops the refresh tokens that are not of this service, if others remain. It does not verify one value alone:
// the refresh does that. Errors: keys.ErrUnavailable.
func (c *Cookies) keepOwn(ctx context.Context, identifier session.Identifier) error {
	came := c.came[ofRefresh]
	if !c.inBody && !slices.ContainsFunc(came, func(one cookie) bool { return one.value != came[0].value }) {
		return nil
	}
	var own, dropped []cookie
	for _, one := range came {
		t, err := identifier.Identify(ctx, one.value)
		switch {
		case err == nil:
			one.token = t
			own = append(own, one)
		case errors.Is(err, session.ErrDroppedKey):
			dropped = append(dropped, one)
		case !errors.Is(err, session.ErrRefused):
			return err
		}
	}
	if len(own) == 0 && !c.inBody {
		own = dropped // such a refusal clears no cookie
	}
	if c.inBody || len(own) > 0 {
		c.came[ofRefresh] = own
	}
	return nil
}

// home is the pair of names that the deployment sets.
func (c *Cookies) home() [2]string {
	if c.domain != "" {
		return cookiePairs[len(cookiePairs)-1]
	}
	return cookiePairs[0]
}

// begin sets the pair of the deployment. It clears cookies of earlier sessions, which would contradict it later.
func (c *Cookies) begin() {
	c.set[ofRefresh] = []string{c.home()[ofRefresh]}
	for _, one := range c.came[ofRefresh] {
		if one.pair != c.home() {
			c.clear = appendNew(c.clear, one.pair[ofRefresh])
		}
	}
}

// goOn takes the newest token of the session whose tokens the cookies hold. Errors: TwoSessionsError.
func (c *Cookies) goOn() error {
	came := c.came[ofRefresh]
	newest := slices.MaxFunc(came, func(a, b cookie) int { return cmp.Compare(a.token.Generation, b.token.Generation) })
	c.Refresh = newest.value
	for _, one := range came {
		switch {
		case one.token.Session != newest.token.Session:
			return TwoSessionsError{came}
		case c.domain != "" && one.pair == cookiePairs[0]:
			c.clear = appendNew(c.clear, one.pair[:]...)
		case one.value == newest.value:
			c.set[ofRefresh] = appendNew(c.set[ofRefresh], one.pair[ofRefresh])
		default:
			c.clear = appendNew(c.clear, one.pair[ofRefresh])
		}
	}
	if len(c.set[ofRefresh]) == 0 {
		c.set[ofRefresh] = []string{c.home()[ofRefresh]}
	}
	// A name that came twice, once with an older token, is set and not cleared.
	c.clear = slices.DeleteFunc(c.clear, func(name string) bool { return slices.Contains(c.set[ofRefresh], name) })
	return nil
}

// TwoSessionsError is the error of cookies of different sessions. The service cannot know which one the user means.
type TwoSessionsError struct{ came []cookie }

func (e TwoSessionsError) Error() string { return e.Unwrap().Error() }

// Unwrap is what the caller sees: the names of the cookies.
func (e TwoSessionsError) Unwrap() error {
	var names []string
	for _, one := range e.came {
		names = appendNew(names, one.pair[ofRefresh])
	}
	return NewError(KindHeaders, http.StatusBadRequest, "The cookies named "+strings.Join(names, " and ")+
		" hold tokens of different sessions. They are cleared; log in again.")
}

// RefreshTokens returns all refresh tokens of a request: that of the body, unless it is "", and those in cookies.
func (r *Request) RefreshTokens(inBody string) []string {
	var all []string
	if inBody != "" {
		all = append(all, inBody)
	}
	for _, one := range r.cookies(ofRefresh) {
		all = appendNew(all, one.value)
	}
	return all
}

func appendNew(to []string, values ...string) []string {
	for _, v := range values {
		if !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	return to
}

var errForeignOrigin = NewError(KindForbidden, http.StatusForbidden, "Cookies are not accepted from this origin.")

// CheckOrigin checks every request that reads, sets or clears a cookie. Another site's page must neither use a browser's
// session nor plant one (cross-site request forgery, login CSRF). An Origin decides, whatever Sec-Fetch-Site says. A
// request with neither header does not come from a browser.
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

// ownOrigin reports whether an origin is the API's own: that of the issuer or of the requested host.
func (s Shell) ownOrigin(r *Request, origin string) bool {
	if own, err := url.Parse(string(s.Issuer)); err == nil && own.Host != "" && origin == own.Scheme+"://"+own.Host {
		return true
	}
	domain := r.Event.RequestContext.DomainName
	return domain != "" && origin == "https://"+domain
}
