package oauth

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// once are the known parameters that may be sent once; resource may come more often (RFC 8707 section 2).
var once = []string{"grant_type", "refresh_token", "client_id", "client_secret", "scope", "token", "token_type_hint"}

// readForm reads the parameters: form data in the body alone; one without a value is as if it were not there, and unknown
// ones are ignored (RFC 6749 section 3.2).
func readForm(r *api.Request) (url.Values, error) {
	raw, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := r.NoOverride(); err != nil {
		return nil, err
	}
	if len(r.QueryValues()) > 0 {
		return nil, invalidRequest("Parameters go into the body, not into the query.")
	}
	media, _, err := mime.ParseMediaType(r.Headers.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("The body must be application/x-www-form-urlencoded.")
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, invalidRequest("The body is not form data.")
	}
	for name, all := range values {
		if !utf8.ValidString(name + strings.Join(all, "")) {
			return nil, invalidRequest("The body must be UTF-8.")
		}
	}
	for _, name := range once {
		if len(values[name]) > 1 {
			return nil, invalidRequest(name + " is there twice.")
		}
	}
	return values, nil
}

// client is the id of the client that asks, "" when it does not say: client_id in the body, or the user of HTTP
// Basic (RFC 6749 section 2.3.1). Clients of this service are public, so a password means nothing.
func client(r *api.Request, form url.Values) (string, error) {
	invalidClient := clientError{http.StatusUnauthorized, refusal{"invalid_client", "The Authorization header must be HTTP Basic with the client's id."}}
	id := form.Get("client_id")
	authorization, err := r.Headers.Authorization()
	if err != nil {
		return "", invalidClient
	}
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return id, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", invalidClient
	}
	user, _, found := strings.Cut(string(decoded), ":")
	user, err = url.QueryUnescape(user)
	if err != nil || !found {
		return "", invalidClient
	}
	if id != "" && user != id {
		return "", invalidRequest("client_id contradicts the Authorization header.")
	}
	return user, nil
}
