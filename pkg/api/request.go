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
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 16 << 10

// Request is one API Gateway event (REST API, payload of the Lambda proxy integration).
type Request struct {
	Event   *events.APIGatewayProxyRequest
	Headers authorizer.Headers
	// Operation and Tenant are for the log line: an operation sets them when it knows more.
	Operation Operation
	Tenant    string
	subject   subject
	hook      hook
	bases     []dpop.Base // the public URLs of the service
}

func newRequest(e *events.APIGatewayProxyRequest, op Operation) *Request {
	headers := authorizer.HeadersOf(e.Headers, e.MultiValueHeaders).Of(e.HTTPMethod, e.Path)
	return &Request{Event: e, Headers: headers, Operation: op}
}

// Principal is the caller that the authorizer in front of the API accepted. Errors: ErrUnauthenticated.
func (r *Request) Principal() (authorizer.Principal, error) {
	p, err := authorizer.FromContext(r.Event.RequestContext.Authorizer)
	r.Tenant = p.Tenant
	if err != nil {
		return p, errors.Join(authorizer.ErrUnauthenticated, err)
	}
	return p, nil
}

// Body returns the body's bytes. Errors: ErrEncoding, ErrTooLarge, ErrByteOrderMark, ErrBadBody.
func (r *Request) Body() ([]byte, error) {
	for _, encodings := range r.Headers.Values("Content-Encoding") {
		for one := range strings.SplitSeq(encodings, ",") {
			if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "identity") {
				return nil, ErrEncoding
			}
		}
	}
	raw := []byte(r.Event.Body)
	if r.Event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Event.Body)
		if err != nil {
			return nil, ErrBadBody
		}
		raw = decoded
	}
	if len(raw) > maxBody {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(raw, []byte("\ufeff")) {
		return nil, ErrByteOrderMark
	}
	return raw, nil
}

// Members reads the body as a JSON object, whatever the content type says; no body is an empty object.
func (r *Request) Members() ([]Member, error) {
	raw, err := r.Body()
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	members, err := ParseObject(raw)
	var doubled DoubledKeyError
	if errors.As(err, &doubled) {
		return nil, FieldFault(doubled.Name, "duplicate", "must not be there twice")
	}
	if err != nil {
		return nil, ErrBadBody
	}
	return members, nil
}

// QueryMembers reads the query string, whose values API Gateway has decoded.
func (r *Request) QueryMembers() ([]Member, error) { return membersOf(r.QueryValues()) }

// membersOf takes keys that must have one value each, in the order of their names.
func membersOf(values map[string][]string) ([]Member, error) {
	var bad Faults
	var members []Member
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) != 1 {
			bad.Add(name, "duplicate", "must not be there twice")
			continue
		}
		// A byte that is not UTF-8 arrives as U+FFFD.
		if strings.ContainsRune(strings.ToValidUTF8(name+values[name][0], "\ufffd"), utf8.RuneError) {
			bad.Add(strings.ToValidUTF8(name, "\ufffd"), "invalid", "must be UTF-8, without U+FFFD")
			continue
		}
		value, err := json.Marshal(values[name][0])
		if err != nil {
			return nil, err
		}
		members = append(members, Member{Name: name, Spelled: name, Value: value})
	}
	return members, bad.Err()
}

// QueryValues are the keys of the query string, decoded, with all their values.
func (r *Request) QueryValues() map[string][]string {
	if len(r.Event.MultiValueQueryStringParameters) > 0 {
		return r.Event.MultiValueQueryStringParameters
	}
	values := map[string][]string{}
	for name, value := range r.Event.QueryStringParameters {
		values[name] = []string{value}
	}
	return values
}

// NoQuery refuses every query key: a key without an effect must not seem to narrow anything.
func (r *Request) NoQuery() error {
	members, err := r.QueryMembers()
	_, unknown := ReadInput(members)
	return JoinFaults(err, unknown)
}

// NoBody refuses every body key.
func (r *Request) NoBody() error {
	members, err := r.Members()
	if err != nil {
		return err
	}
	_, err = ReadInput(members)
	return err
}

// PathValue decodes a path parameter; REST APIs pass it on percent-encoded.
func (r *Request) PathValue(name string) (string, error) {
	value, err := url.PathUnescape(r.Event.PathParameters[name])
	if err != nil {
		return "", FieldFault(name, "invalid", "must be percent-encoded UTF-8")
	}
	if err := session.CheckID(value); err != nil {
		return "", FieldFault(name, "invalid", err.Error())
	}
	return value, nil
}

// FormMembers reads a body that may be a JSON object or a form.
func (r *Request) FormMembers() ([]Member, error) {
	raw, err := r.Body()
	if err != nil {
		return nil, err
	}
	media, _, _ := mime.ParseMediaType(r.Headers.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" || bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return r.Members()
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil || !utf8.Valid(raw) {
		return nil, ErrBadBody
	}
	return membersOf(values)
}

// Override says whether X-HTTP-Method-Override asks for DELETE. Any other value is at fault, and so are two.
func (r *Request) Override() (bool, error) {
	values := r.Headers.Values(headerOverride)
	if len(values) == 0 {
		return false, nil
	}
	if len(values) > 1 || !strings.EqualFold(values[0], http.MethodDelete) {
		return false, FieldFault(headerOverride, "invalid", "can only be DELETE, once")
	}
	return true, nil
}

// NoOverride refuses the header where it means nothing.
func (r *Request) NoOverride() error {
	if len(r.Headers.Values(headerOverride)) > 0 {
		return FieldFault(headerOverride, "unknown", "works on POST /jwt/refresh and POST /jwt/refresh/{tokenId} only")
	}
	return nil
}

const headerOverride = "X-HTTP-Method-Override"

// RefreshToken reads a body whose only key is refreshToken, for the interfaces that know no other form.
func (r *Request) RefreshToken() (string, error) {
	members, err := r.Members()
	if err != nil {
		return "", err
	}
	in, err := ReadInput(members, KeyRefreshToken)
	if !Mentions(members, KeyRefreshToken) {
		err = JoinFaults(err, FieldFault(KeyRefreshToken, "missing", "is required"))
	}
	return in[KeyRefreshToken], JoinFaults(r.NoOverride(), r.NoQuery(), err)
}
