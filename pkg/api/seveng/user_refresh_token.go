package seveng

import (
	"cmp"
	"context"
	"errors"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

type tokens struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
}

// UserRefreshToken is POST /User/RefreshToken: it wants both tokens, the access token in Authorization, with or
// without its scheme.
func UserRefreshToken(shell api.Shell, companion token.Companion, refresher session.Refresher) api.Handler {
	return shell.Serve(api.UserRefreshToken, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		text, badBody := readBody(r)
		access, err := accessToken(ctx, companion, r)
		if errors.Is(err, authorizer.ErrUnauthenticated) && badBody == nil && token.IsForeign(text) {
			err = nil // nobody has an access token that fits one of another system
		}
		if err = cmp.Or(err, badBody); err != nil {
			return api.Answer{}, err
		}
		if token.IsForeign(text) {
			access = nil
		}
		grant, err := r.Exchange(ctx, refresher, session.RefreshRequest{Token: text, Access: access, Supersede: true})
		if err != nil {
			return api.Answer{}, err
		}
		return api.Refreshed(grant, nil, tokens{AccessToken: grant.Access.Reveal(), RefreshToken: grant.Refresh.Reveal()}), nil
	})
}

// accessToken verifies the access token in Authorization, a bare one included; it may have expired.
func accessToken(ctx context.Context, companion token.Companion, r *api.Request) (*token.Access, error) {
	text, err := r.Headers.Authorization()
	if err != nil {
		return nil, err
	}
	if inScheme, ok := api.AccessToken(text); ok {
		text = inScheme
	}
	access, err := companion.Verify(ctx, text)
	switch {
	case errors.Is(err, token.ErrBadAccess), err == nil && access.Narrowed:
		return nil, authorizer.ErrUnauthenticated
	case err != nil:
		return nil, err
	}
	return &access, nil
}

func readBody(r *api.Request) (string, error) {
	var version, length error
	if versions := r.Headers.Values("Version"); len(versions) > 1 || len(versions) == 1 && versions[0] != "2.0" {
		version = api.FieldFault("Version", "invalid", "must be 2.0, or absent")
	}
	text, err := r.RefreshToken()
	if utf8.RuneCountInString(text) > token.MaxTextLength {
		length = api.FieldFault(api.KeyRefreshToken, "tooLong", "has at most 255 characters")
	}
	return text, api.JoinFaults(version, err, length)
}
