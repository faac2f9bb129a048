package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const pathAuthenticateRefresh = "/api/v1/authenticate/refresh"

// marketplace is KirjaSwappi's shape.
type marketplace struct{}

type marketplaceTokens struct {
	JWTToken     string `json:"jwtToken"`
	RefreshToken string `json:"refreshToken,omitempty"`
}

type marketplaceFailure struct {
	Error marketplaceError `json:"error"`
}

type marketplaceError struct {
	Code    string              `json:"code"`
	Message string              `json:"message"`
	Target  string              `json:"target"`
	Details []marketplaceDetail `json:"details"`
}

type marketplaceDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

func (marketplace) success(a answer) any { return a.data }

func (marketplace) failure(err error) (int, any) {
	f := faultOf(err)
	e := marketplaceError{Message: f.message, Target: pathAuthenticateRefresh, Details: []marketplaceDetail{}}
	var input *session.InputError
	switch {
	case errors.Is(err, session.ErrApplicationGone):
		f.status, e.Code, e.Message = http.StatusNotFound, "applicationNotFound", "There is no such application."
	case tokenFault(err):
		f.status, e.Code, e.Message = http.StatusUnauthorized, "invalidRefreshToken", "The refresh token is not valid."
	case errors.As(err, &input):
		e.Code = "validationFailed"
		for _, field := range input.Fields {
			e.Details = append(e.Details, marketplaceDetail{Code: field.Code, Message: field.Message, Target: field.Field})
		}
	case errors.Is(err, errBadBody):
		e.Code = "invalidJsonPayload"
	case f.status == http.StatusBadRequest:
		e.Code = "validationFailed"
	case f.status == http.StatusRequestEntityTooLarge:
		e.Code = "payloadTooLarge"
	case f.status == http.StatusServiceUnavailable:
		e.Code = "serviceUnavailable"
	default:
		e.Code = "internalServerError"
	}
	return f.status, marketplaceFailure{e}
}

// AuthenticateRefresh is POST /api/v1/authenticate/refresh of KirjaSwappi. A rotating session adds the new
// refresh token to the documented answer: this route is no way round rotation.
func AuthenticateRefresh(c Core) Handler {
	return c.serve(opAuthenticateRefresh, marketplace{}, func(ctx context.Context, r *request) (answer, error) {
		text, err := readRefreshToken(r)
		if err != nil {
			return answer{}, err
		}
		grant, err := c.exchange(ctx, r, session.RefreshRequest{Token: text})
		if err != nil {
			return answer{}, err
		}
		tokens := marketplaceTokens{JWTToken: grant.Access.Reveal()}
		if !grant.Session.Policy.Reusable {
			tokens.RefreshToken = grant.Refresh.Reveal()
		}
		return answer{data: tokens, outcome: grant.Outcome}, nil
	})
}
