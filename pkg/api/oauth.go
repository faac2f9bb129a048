package api

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// oauth is the shape of RFC 6749 section 5 and of the RFCs built on it.
type oauth struct{}

type oauthFailure struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// oauthError is an error in OAuth's own words.
type oauthError struct {
	status int
	oauthFailure
}

func (f oauthError) Error() string { return f.Code + ": " + f.Description }

func invalidRequest(description string) oauthError {
	return oauthError{http.StatusBadRequest, oauthFailure{"invalid_request", description}}
}

func (oauth) success(a answer) any { return a.data }

// failure is the table from errors to the codes of RFC 6749 section 5.2; what that section has no code for
// borrows those of section 4.1.2.1 and of RFC 6750 section 3.1.
func (oauth) failure(err error) (int, any) {
	var own oauthError
	if errors.As(err, &own) {
		return own.status, own.oauthFailure
	}
	f := faultOf(err)
	e := oauthFailure{Description: f.message}
	switch {
	case errors.Is(err, session.ErrScope):
		f.status, e.Code, e.Description = http.StatusBadRequest, "invalid_scope", "The scope goes beyond what was granted."
	case tokenFault(err) && f.status != http.StatusUnauthorized, errors.Is(err, session.ErrOtherApplication):
		f.status, e.Code, e.Description = http.StatusBadRequest, "invalid_grant", "The refresh token is not valid for this client."
	case f.status == http.StatusUnauthorized:
		e.Code = "invalid_client"
	case f.status == http.StatusForbidden:
		e.Code = "insufficient_scope"
	case f.status == http.StatusServiceUnavailable:
		e.Code = "temporarily_unavailable"
	case f.status >= http.StatusInternalServerError:
		e.Code = "server_error"
	default:
		e.Code, e.Description = "invalid_request", sentences(err, e.Description)
	}
	return f.status, e
}

// pragma stands beside no-store, as RFC 6749 section 5.1 wants it.
func pragma() http.Header { return http.Header{"Pragma": {"no-cache"}} }

// form reads the parameters: form data in the body alone, each at most once; one without a value is as if it
// were not there, and unknown ones are nobody's business (RFC 6749 section 3.2).
func (r *request) form() (url.Values, error) {
	raw, err := r.body()
	if err != nil {
		return nil, err
	}
	if err := r.noOverride(); err != nil {
		return nil, err
	}
	if len(r.queryValues()) > 0 {
		return nil, invalidRequest("Parameters go into the body, not into the query.")
	}
	media, _, err := mime.ParseMediaType(r.headers.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("The body must be application/x-www-form-urlencoded.")
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, invalidRequest("The body is not form data.")
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, invalidRequest("A parameter is there twice.")
		}
		if !utf8.ValidString(name + all[0]) {
			return nil, invalidRequest("The body must be UTF-8.")
		}
	}
	return values, nil
}

// client is the id of the client that asks, "" when it does not say: client_id in the body, or the user of HTTP
// Basic (RFC 6749 section 2.3.1). Clients of this service are public, so a password means nothing.
func (r *request) client(form url.Values) (string, error) {
	refused := oauthError{http.StatusUnauthorized, oauthFailure{"invalid_client", "The Authorization header must be HTTP Basic with the client's id."}}
	id := form.Get("client_id")
	authorization, err := r.headers.Authorization()
	if err != nil {
		return "", refused
	}
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return id, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", refused
	}
	user, _, found := strings.Cut(string(decoded), ":")
	user, err = url.QueryUnescape(user)
	if err != nil || !found {
		return "", refused
	}
	if id != "" && user != id {
		return "", invalidRequest("client_id contradicts the Authorization header.")
	}
	return user, nil
}
