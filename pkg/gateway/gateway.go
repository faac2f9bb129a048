package gateway

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// AWS assigns these; the values are those of sam local.
const (
	accountID = "123456789012"
	region    = "us-east-1"
	apiID     = "local"
)

// Gateway is the API, as a handler of its one stage.
type Gateway struct {
	config Config

	root      *segment
	responses map[kind]*response
}

// exchange is one request and its answer.
type exchange struct {
	*Gateway

	w     http.ResponseWriter
	r     *http.Request
	ids   requestIDs
	now   time.Time
	path  string // raw, with its percent-encoding
	route *route
	// authorized is the authorizer's context and principal, as strings; nil before its answer.
	authorized map[string]any
}

// ServeHTTP answers as API Gateway does.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Gateway: g, w: w, r: r, ids: newRequestIDs(), now: g.config.Now()}
	header := w.Header()
	header["X-Amzn-Requestid"] = []string{x.ids.request}
	header["X-Amz-Apigw-Id"] = []string{x.ids.extended}
	var query string
	x.path, query = target(r)
	answer, failed := x.serve(query)
	if failed == nil {
		failed = x.answer(answer)
	}
	if failed != nil {
		x.refuse(failed)
	}
}

// target is the path and query as the client sent them: URL.Path is decoded already.
func target(r *http.Request) (path, query string) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	return r.URL.EscapedPath(), r.URL.RawQuery
}

func (x *exchange) serve(rawQuery string) (events.APIGatewayProxyResponse, *failure) {
	var none events.APIGatewayProxyResponse
	if !wellEncoded(x.path) {
		return none, fail(badRequestParameters)
	}
	var params map[string]string
	var others []*route
	x.route, params, others = x.root.match(x.r.Method, x.path)
	if x.route == nil {
		failed := fail(missingAuthenticationToken)
		if len(others) > 0 {
			lineOf(x.r.Context()).set(slog.String("path", others[0].Path)) // a raw path may name a user
			if methods := requestMethods(others); len(methods) > 0 && x.config.OtherMethods != nil {
				failed.body = x.config.OtherMethods(methods)
			}
		}
		return none, failed
	}
	lineOf(x.r.Context()).set(slog.String("path", x.route.Path))
	query, ok := parseQuery(rawQuery)
	if !ok {
		return none, fail(badRequestParameters)
	}
	body, isBase64, failed := readBody(x.r)
	if failed != nil {
		return none, failed
	}
	event := x.event(params, query)
	event.Body, event.IsBase64Encoded = body, isBase64
	if x.route.authorizer != nil {
		if failed := x.authorize(&event); failed != nil {
			return none, failed
		}
		event.RequestContext.Authorizer = x.authorized
	}
	return x.call(event)
}
