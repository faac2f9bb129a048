// Package seveng owns the interface of the 7G registry API: POST /User/RefreshToken. It must never decide whether a
// session is good, and never know another interface.
package seveng

import (
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

type refusal struct {
	Result      bool   `json:"result"`
	Message     string `json:"message"`
	RecordCount int    `json:"recordCount"`
	Data        any    `json:"data"`
}

// failure knows 400, 401 for either token, and the failures of this service.
func failure(err error) api.Answer {
	e := api.ErrorOf(err)
	switch session.KindOf(err) {
	case session.KindRefused, session.KindApplicationGone, session.KindOtherSession, session.KindOtherTenant, authorizer.KindUnauthenticated:
		e.Status, e.Message = http.StatusUnauthorized, api.RefusedText(err, "The access token or the refresh token is not valid.")
	case session.KindInput:
		e.Message = api.Sentences(err, e.Message)
	default: // the shared status and sentence
	}
	return e.Answer(refusal{Message: e.Message})
}
