package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 16 << 10

// request is one API Gateway event (REST API, payload of the Lambda proxy integration).
type request struct {
	event   *events.APIGatewayProxyRequest
	headers authorizer.Headers
	// op and tenant are filled in when they become known, for the log line.
	op     string
	tenant string
}

func newRequest(e *events.APIGatewayProxyRequest) *request {
	return &request{event: e, headers: authorizer.Headers{Single: e.Headers, Multi: e.MultiValueHeaders}}
}

// principal is whom the authorizer in front of the API let in.
func (r *request) principal() (authorizer.Principal, error) {
	p, err := authorizer.FromContext(r.event.RequestContext.Authorizer)
	r.tenant = p.Tenant
	if err != nil {
		return p, errors.Join(authorizer.ErrUnauthenticated, err)
	}
	return p, nil
}

// body returns the body's bytes. Errors: errTooLarge, errBadBody.
func (r *request) body() ([]byte, error) {
	raw := []byte(r.event.Body)
	if r.event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.event.Body)
		if err != nil {
			return nil, errBadBody
		}
		raw = decoded
	}
	if len(raw) > maxBody {
		return nil, errTooLarge
	}
	return raw, nil
}

// members reads the body as a JSON object, whatever the content type says; no body is an empty object.
func (r *request) members() ([]member, error) {
	raw, err := r.body()
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	members, err := parseObject(raw)
	var doubled doubledKeyError
	if errors.As(err, &doubled) {
		return nil, fieldFault(doubled.name, "duplicate", "must not be there twice")
	}
	if err != nil {
		return nil, errBadBody
	}
	return members, nil
}

// queryMembers reads the query string, whose values API Gateway has decoded.
func (r *request) queryMembers() ([]member, error) { return membersOf(r.queryValues()) }

// membersOf takes keys that must have one value each. Maps have no order; answers do.
func membersOf(values map[string][]string) ([]member, error) {
	var bad faults
	var members []member
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) != 1 {
			bad.add(name, "duplicate", "must not be there twice")
			continue
		}
		// A byte that is no UTF-8 arrives as U+FFFD, in the event's JSON at the latest: another id than was meant. An
		// id that really has U+FFFD can be named in a path or in a body.
		if strings.ContainsRune(strings.ToValidUTF8(name+values[name][0], "\ufffd"), utf8.RuneError) {
			bad.add(strings.ToValidUTF8(name, "\ufffd"), "invalid", "must be UTF-8, without U+FFFD")
			continue
		}
		value, err := json.Marshal(values[name][0])
		if err != nil {
			return nil, err
		}
		members = append(members, member{name: name, value: value})
	}
	return members, bad.err()
}

func (r *request) queryValues() map[string][]string {
	if len(r.event.MultiValueQueryStringParameters) > 0 {
		return r.event.MultiValueQueryStringParameters
	}
	values := map[string][]string{}
	for name, value := range r.event.QueryStringParameters {
		values[name] = []string{value}
	}
	return values
}

// noQuery refuses every query key: a key that nobody reads must not seem to narrow anything.
func (r *request) noQuery() error {
	members, err := r.queryMembers()
	_, unknown := readInput(members)
	return joinFaults(err, unknown)
}

// noBody refuses every body key.
func (r *request) noBody() error {
	members, err := r.members()
	if err != nil {
		return err
	}
	_, err = readInput(members)
	return err
}

// noInput is what a route without keys asks for.
func (r *request) noInput() error { return joinFaults(r.noQuery(), r.noBody()) }

// pathValue decodes a path parameter; REST APIs hand it on percent-encoded.
func (r *request) pathValue(name string) (string, error) {
	value, err := url.PathUnescape(r.event.PathParameters[name])
	if err != nil {
		return "", fieldFault(name, "invalid", "must be percent-encoded UTF-8")
	}
	if err := session.CheckID(value); err != nil {
		return "", fieldFault(name, "invalid", err.Error())
	}
	return value, nil
}

// cookies returns every value of the cookies of one name; an empty cookie is none.
func (r *request) cookies(name string) []string {
	lines := http.Header{"Cookie": r.headers.Values("Cookie")}
	var values []string
	for _, c := range (&http.Request{Header: lines}).CookiesNamed(name) {
		if c.Value != "" {
			values = append(values, c.Value)
		}
	}
	return values
}

// revokeMembers reads a body that may be a JSON object or a form.
func (r *request) revokeMembers() ([]member, error) {
	raw, err := r.body()
	if err != nil {
		return nil, err
	}
	media, _, _ := mime.ParseMediaType(r.headers.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" || bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return r.members()
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil || !utf8.Valid(raw) {
		return nil, errBadBody
	}
	return membersOf(values)
}

// override reads X-HTTP-Method-Override: whether it asks for DELETE. Any other value, or two of them, is at
// fault.
func (r *request) override() (bool, error) {
	values := r.headers.Values(headerOverride)
	if len(values) == 0 {
		return false, nil
	}
	if len(values) > 1 || !strings.EqualFold(values[0], http.MethodDelete) {
		return false, fieldFault(headerOverride, "invalid", "can only be DELETE, once")
	}
	return true, nil
}

// noOverride refuses the header where it means nothing.
func (r *request) noOverride() error {
	if len(r.headers.Values(headerOverride)) > 0 {
		return fieldFault(headerOverride, "unknown", "works on POST /jwt/refresh and POST /jwt/refresh/{tokenId} only")
	}
	return nil
}

const headerOverride = "X-HTTP-Method-Override"
