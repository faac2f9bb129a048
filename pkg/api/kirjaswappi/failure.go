// Package kirjaswappi owns the interface of KirjaSwappi: POST /api/v1/authenticate/refresh. It must never decide
// whether a session is good, and never know another interface.
package kirjaswappi

import (
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

type refusal struct {
	Error problem `json:"error"`
}

type problem struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Target  string   `json:"target"`
	Details []detail `json:"details"`
}

type detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// failure is the map from errors to statuses and codes.
func failure(err error) api.Answer {
	e := api.ErrorOf(err)
	details := []detail{}
	for _, field := range api.FieldsOf(err) {
		details = append(details, detail{Code: field.Code, Message: field.Message, Target: field.Field})
	}
	var code string
	switch session.KindOf(err) {
	case session.KindBadProof, session.KindNonce:
		code, details = "validationFailed", []detail{{Code: string(session.KindOf(err)), Message: e.Message, Target: "DPoP"}}
	case session.KindApplicationGone:
		code, e.Status, e.Message = "applicationNotFound", http.StatusNotFound, "There is no such application."
	case session.KindRefused, session.KindOtherSession, session.KindOtherTenant, session.KindAccessRequired:
		code, e.Status, e.Message = "invalidRefreshToken", http.StatusUnauthorized, api.RefusedText(err, "The refresh token is not valid.")
	case api.KindBadBody:
		code = "invalidJsonPayload"
	case api.KindTooLarge:
		code = "payloadTooLarge"
	case api.KindEncoding:
		code = "unsupportedContentEncoding"
	case session.KindUnavailable:
		code = "serviceUnavailable"
	case session.KindInternal:
		code = "internalServerError"
	default:
		code = "validationFailed"
	}
	return e.Answer(refusal{problem{Code: code, Message: e.Message, Target: path, Details: details}})
}
