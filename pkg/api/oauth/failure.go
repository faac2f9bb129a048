package oauth

import (
	"errors"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// refusal is the body of RFC 6749 section 5.2.
type refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// clientError is an error in OAuth's own words.
type clientError struct {
	status int
	refusal
}

func (e clientError) Error() string { return e.Code + ": " + e.Description }

func (e clientError) answer() api.Answer {
	a := api.NewError("", e.status, "").Answer(e.refusal)
	if e.status == http.StatusUnauthorized {
		a.Header.Set("Www-Authenticate", `Basic realm="oauth2"`) // the scheme of the client (section 5.2)
	}
	return uncached(a)
}

func invalidRequest(description string) clientError {
	return clientError{http.StatusBadRequest, refusal{"invalid_request", description}}
}

// failure is the map from errors to the codes of RFC 6749 section 5.2; what that section has no code for borrows
// those of section 4.1.2.1 and of RFC 6750 section 3.1.
func failure(err error) api.Answer {
	var own clientError
	if errors.As(err, &own) {
		return own.answer()
	}
	e := api.ErrorOf(err)
	body := refusal{Description: e.Message}
	switch session.KindOf(err) {
	case session.KindBadProof, session.KindNonce:
		body.Code = string(session.KindOf(err))
	case session.KindTarget:
		body.Code = "invalid_target" // RFC 8707 section 2
	case session.KindScope:
		body.Code = "invalid_scope"
	case session.KindRefused, session.KindApplicationGone, session.KindOtherApplication, session.KindOtherTenant:
		e.Status, body = http.StatusBadRequest, refusal{"invalid_grant", api.RefusedText(err, "The refresh token is not valid for this client.")}
	case authorizer.KindUnauthenticated:
		body.Code = "invalid_client"
	case api.KindForbidden:
		body.Code = "insufficient_scope"
	case session.KindUnavailable:
		body.Code = "temporarily_unavailable"
	case session.KindInternal:
		body.Code = "server_error"
	default:
		body = refusal{"invalid_request", api.Sentences(err, e.Message)}
	}
	return uncached(e.Answer(body))
}

// uncached adds Pragma: no-cache (RFC 6749 section 5.1).
func uncached(a api.Answer) api.Answer {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	a.Header.Set("Pragma", "no-cache")
	return a
}
