package frame

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Origins are the browser origins that may use the API with credentials (Fetch standard, CORS protocol).
type Origins struct {
	Allowed  []string // exact, as browsers send them, of any scheme: https://app.example.com, capacitor://localhost
	Loopback bool     // http and https origins of this machine, any port: for the local gateway
	Sends    []string // request headers that pages may send, beside those that this API knows
}

// Allows says whether a browser on origin may read answers. There is no wildcard, and null is the origin of any page in a
// sandbox.
func (o Origins) Allows(origin string) bool {
	if origin == "" || origin == "null" {
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
		h.Set("Access-Control-Expose-Headers",
			strings.Join([]string{HeaderOperation, "DPoP-Nonce", "Retry-After", "WWW-Authenticate"}, ", "))
	}
	return h
}

// Preflight answers what browsers ask before a request (Fetch standard, CORS-preflight fetch), on every path alike. It
// writes no line: the request itself does.
func (f Frame) Preflight(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	origin := Headers{e.Headers, e.MultiValueHeaders}.Get("Origin")
	return response(http.StatusNoContent, f.Origins.preflight(origin), ""), nil
}

// preflight are the headers that answer a preflight from origin.
func (o Origins) preflight(origin string) http.Header {
	h := o.Headers(origin)
	if o.Allows(origin) {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", strings.Join(slices.Concat(requestHeaders(), o.Sends), ", "))
		h.Set("Access-Control-Max-Age", "600")
	}
	return h
}

// requestHeaders are those that the API reads, and those that tracing adds to every request of a page (W3C Trace Context,
// W3C Baggage, Sentry).
func requestHeaders() []string {
	return []string{
		"Authorization", "Content-Type", "X-Stencil-TenantId", "X-Stencil-TenanId", "X-HTTP-Method-Override", "Version", "DPoP",
		"traceparent", "tracestate", "baggage", "sentry-trace",
	}
}

// HeaderOperation tells a caller which of two documented meanings its request has.
const HeaderOperation = "X-Refresh-Operation"
