package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// response is a gateway response, ready to be rendered.
type response struct {
	status  int
	headers map[string]text // by canonical name
	body    text
}

// awsBody is the body of a gateway response that the template does not change.
const awsBody = `{"message":$context.error.messageString}`

// compile prepares the response of every kind: the template's own, its default, or AWS's.
func compile(declared map[string]stack.Response) (map[kind]*response, error) {
	compiled := map[kind]*response{}
	var errs []error
	for _, k := range kinds() {
		status, _ := k.standard()
		from, found := declared[string(k)]
		if !found && status < http.StatusInternalServerError {
			from = declared[string(default4XX)]
		} else if !found {
			from = declared[string(default5XX)]
		}
		r := &response{status: status, headers: map[string]text{}, body: parseText(from.Body)}
		if from.Status != 0 {
			r.status = from.Status
		}
		if from.Body == "" {
			r.body = parseText(awsBody)
		}
		for name, expression := range from.Headers {
			value, err := parseMapping(expression)
			if err != nil {
				errs = append(errs, fmt.Errorf("gateway response %s: header %s: %w", k, name, err))
			}
			r.headers[http.CanonicalHeaderKey(name)] = value
		}
		compiled[k] = r
	}
	return compiled, errors.Join(errs...)
}

// refuse answers with the gateway response of a failure.
func (x *exchange) refuse(f *failure) {
	r := x.responses[f.kind]
	header := x.w.Header()
	header["Content-Type"] = []string{"application/json"}
	for name, value := range r.headers {
		header[name] = []string{value.render(x, f)}
	}
	if x.config.CORS != nil {
		maps.Copy(header, x.config.CORS(x.r.Header.Get("Origin")))
	}
	x.w.WriteHeader(r.status)
	body := cmp.Or(f.body, r.body.render(x, f))
	_, _ = io.WriteString(x.w, body) // the client may be gone
}

// variable is the value of a $context variable; "" for one that gateway responses do not have.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
func (x *exchange) variable(name string, f *failure) string {
	if key, ok := strings.CutPrefix(name, "authorizer."); ok {
		value, _ := x.authorized[key].(string)
		return value
	}
	switch name {
	case "error.message":
		return f.message
	case "error.messageString":
		quoted, _ := json.Marshal(f.message) // a string always has JSON
		return string(quoted)
	case "error.responseType":
		return string(f.kind)
	case "requestId":
		return x.ids.request
	case "extendedRequestId":
		return x.ids.extended
	case "httpMethod":
		return x.r.Method
	case "path":
		return "/" + x.config.API.Stage + x.path
	case "stage":
		return x.config.API.Stage
	case "identity.sourceIp":
		return hostOnly(x.r.RemoteAddr)
	case "resourcePath":
		if x.route != nil {
			return x.route.Path
		}
	}
	return ""
}
