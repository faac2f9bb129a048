package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// values are headers or query parameters in the two shapes of an event.
type values struct {
	last map[string]string
	all  map[string][]string
}

// event is the request, without its body, as a Lambda proxy event.
// https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
func (x *exchange) event(params map[string]string, query values) events.APIGatewayProxyRequest {
	host := hostOnly(x.r.Host)
	label, _, _ := strings.Cut(host, ".")
	headers := x.headers()
	return events.APIGatewayProxyRequest{
		Resource: x.route.Path, Path: x.path, HTTPMethod: x.r.Method,
		Headers: headers.last, MultiValueHeaders: headers.all,
		QueryStringParameters: query.last, MultiValueQueryStringParameters: query.all,
		PathParameters: params,
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID: accountID, APIID: apiID, ResourceID: apiID, Stage: x.config.API.Stage,
			DomainName: host, DomainPrefix: label,
			RequestID: x.ids.request, ExtendedRequestID: x.ids.extended, Protocol: x.r.Proto,
			Identity: events.APIGatewayRequestIdentity{
				SourceIP: hostOnly(x.r.RemoteAddr), UserAgent: headers.last["User-Agent"],
			},
			ResourcePath: x.route.Path, Path: "/" + x.config.API.Stage + x.path, HTTPMethod: x.r.Method,
			RequestTime:      x.now.UTC().Format("02/Jan/2006:15:04:05 -0700"),
			RequestTimeEpoch: x.now.UnixMilli(),
		},
	}
}

// headers are the client's and those that the gateway sets; hop-by-hop headers are dropped.
func (x *exchange) headers() values {
	const added = 4
	h := values{
		last: make(map[string]string, len(x.r.Header)+added), all: make(map[string][]string, len(x.r.Header)+added),
	}
	for name, all := range x.r.Header {
		switch name {
		case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
			continue
		}
		if len(all) > 0 {
			h.last[name], h.all[name] = all[len(all)-1], all
		}
	}
	proto := "http"
	if x.r.TLS != nil {
		proto = "https"
	}
	h.set("Host", x.r.Host)
	h.set("X-Forwarded-Proto", proto)
	h.set("X-Forwarded-For", forwardedFor(x.r))
	if addr, ok := x.r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(addr.String()); err == nil {
			h.set("X-Forwarded-Port", port)
		}
	}
	return h
}

func (v values) set(name, value string) { v.last[name], v.all[name] = value, []string{value} }

// forwardedFor appends the peer to the client's own header, as AWS does.
func forwardedFor(r *http.Request) string {
	peer := hostOnly(r.RemoteAddr)
	if claimed := r.Header["X-Forwarded-For"]; len(claimed) > 0 {
		return strings.Join(claimed, ", ") + ", " + peer
	}
	return peer
}

func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// parseQuery decodes a raw query; false for a malformed percent-encoding. Bytes that are not UTF-8 become U+FFFD,
// since an event is JSON. Without a query both maps are nil.
func parseQuery(raw string) (values, bool) {
	var q values
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(part, "=")
		key, err1 := url.QueryUnescape(rawKey)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil {
			return values{}, false
		}
		if q.all == nil {
			q = values{last: map[string]string{}, all: map[string][]string{}}
		}
		key, value = strings.ToValidUTF8(key, "\uFFFD"), strings.ToValidUTF8(value, "\uFFFD")
		q.last[key] = value
		q.all[key] = append(q.all[key], value)
	}
	return q, true
}

type requestIDs struct{ request, extended string }

// newRequestIDs draws a random UUID and 11 bytes of base64, the shapes of AWS.
func newRequestIDs() requestIDs {
	var random [16 + 11]byte
	_, _ = rand.Read(random[:]) // never fails
	random[6] = random[6]&0x0f | 0x40
	random[8] = random[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[0:8], random[0:4])
	hex.Encode(text[9:13], random[4:6])
	hex.Encode(text[14:18], random[6:8])
	hex.Encode(text[19:23], random[8:10])
	hex.Encode(text[24:36], random[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return requestIDs{request: string(text[:]), extended: base64.StdEncoding.EncodeToString(random[16:])}
}
