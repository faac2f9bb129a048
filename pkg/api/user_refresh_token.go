package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// registry is the 7G registry API's shape.
type registry struct{}

type registryTokens struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
}

type registryFailure struct {
	Result      bool   `json:"result"`
	Message     string `json:"message"`
	RecordCount int    `json:"recordCount"`
	Data        any    `json:"data"`
}

func (registry) success(a answer) any { return a.data }

// failure knows 400, 401 for either token, and what is nobody's fault but ours.
func (registry) failure(err error) (int, any) {
	f := faultOf(err)
	switch {
	case tokenFault(err):
		f = fault{http.StatusUnauthorized, "The access token or the refresh token is not valid."}
	case f.status == http.StatusBadRequest:
		f.message = sentences(err, f.message)
	}
	return f.status, registryFailure{Message: f.message}
}

// tokenFault says whether a refresh failed for one of its tokens.
func tokenFault(err error) bool {
	for _, kind := range []error{
		session.ErrRefused, session.ErrOtherSession, session.ErrOtherTenant,
		authorizer.ErrUnauthenticated, token.ErrBadAccess,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// sentences are what is wrong with each field, for interfaces that have one message; otherwise without any.
func sentences(err error, otherwise string) string {
	var input *session.InputError
	if !errors.As(err, &input) {
		return otherwise
	}
	all := make([]string, len(input.Fields))
	for i, f := range input.Fields {
		all[i] = f.Message
	}
	return strings.Join(all, " ")
}

// UserRefreshToken is POST /User/RefreshToken of the 7G registry API: it wants both tokens, the access token in
// Authorization, with or without its scheme.
func UserRefreshToken(c Core) Handler {
	return c.serve(opUserRefreshToken, registry{}, func(ctx context.Context, r *request) (answer, error) {
		access, err := c.ownerOf(ctx, r)
		if err != nil {
			return answer{}, err
		}
		var version error
		if versions := r.headers.Values("Version"); len(versions) > 1 || len(versions) == 1 && versions[0] != "2.0" {
			version = fieldFault("Version", "invalid", "must be 2.0, or absent")
		}
		text, err := readRefreshToken(r)
		var length error
		if utf8.RuneCountInString(text) > token.MaxTextLength {
			length = fieldFault(keyRefreshToken, "tooLong", "has at most 255 characters")
		}
		if err := joinFaults(version, err, length); err != nil {
			return answer{}, err
		}
		grant, err := c.exchange(ctx, r, session.RefreshRequest{Token: text, Access: access})
		if err != nil {
			return answer{}, err
		}
		return answer{
			data:    registryTokens{AccessToken: grant.Access.Reveal(), RefreshToken: grant.Refresh.Reveal()},
			outcome: grant.Outcome,
		}, nil
	})
}

// ownerOf verifies the access token in Authorization, a bare one included; it may have expired.
func (c Core) ownerOf(ctx context.Context, r *request) (*token.Access, error) {
	text, err := r.headers.Authorization()
	if err != nil {
		return nil, err
	}
	if bearer, ok := authorizer.Bearer(text); ok {
		text = bearer
	}
	return c.accompanied(ctx, text, authorizer.ErrUnauthenticated)
}

// readRefreshToken reads a body whose only key is refreshToken, for the interfaces that know no other form.
func readRefreshToken(r *request) (string, error) {
	members, err := r.members()
	if err != nil {
		return "", err
	}
	in, err := readInput(members, keyRefreshToken)
	if !mentions(members, keyRefreshToken) {
		err = joinFaults(err, fieldFault(keyRefreshToken, "missing", "is required"))
	}
	return in[keyRefreshToken], joinFaults(r.noOverride(), r.noQuery(), err)
}
