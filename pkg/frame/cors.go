package frame

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Origins are the browser origins that may use the API with credentials (Fetch standard, CORS protocol).
type Origins struct {
	Allowed  []string // exact, as browsers send them: https://app.example.com
	Loopback bool     // http and https origins of this machine, any port: for the local gateway
}

// Allows says whether a browser on origin may read answers. There is no wildcard.
func (o Origins) Allows(origin string) bool {
	if origin == "" {
		return false
	}
	return slices.Contains(o.Allowed, origin) || o.Loopback && loopback(origin)
}

func loopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != origin {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// Headers are those of every answer to a request from origin: CORS, no-store and nosniff.
func (o Origins) Headers(origin string) http.Header {
	h := http.Header{"Vary": {"Origin"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
	if o.Allows(origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", strings.Join([]string{HeaderOperation, "Retry-After", "WWW-Authenticate"}, ", "))
	}
	return h
}

// preflight are the headers that answer a preflight from origin.
func (o Origins) preflight(origin string) http.Header {
	h := o.Headers(origin)
	if o.Allows(origin) {
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		h.Set("Access-Control-Allow-Headers",
			"Authorization, Content-Type, X-Stencil-TenantId, X-Stencil-TenanId, X-HTTP-Method-Override, Version")
		h.Set("Access-Control-Max-Age", "600")
	}
	return h
}

// HeaderOperation tells a caller which of two documented meanings its request has.
const HeaderOperation = "X-Refresh-Operation"
