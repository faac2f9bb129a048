package kirjaswappi

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const path = "/api/v1/authenticate/refresh"

type tokens struct {
	JWTToken     string `json:"jwtToken"`
	RefreshToken string `json:"refreshToken,omitempty"`
}

// AuthenticateRefresh is POST /api/v1/authenticate/refresh. A rotating session adds the new refresh token to the
// documented answer: this route is no way round rotation.
func AuthenticateRefresh(shell api.Shell, refresher session.Refresher) api.Handler {
	return shell.Serve(api.AuthenticateRefresh, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		text, err := r.RefreshToken()
		if err != nil {
			return api.Answer{}, err
		}
		grant, err := r.Exchange(ctx, refresher, session.RefreshRequest{Token: text})
		if err != nil {
			return api.Answer{}, err
		}
		body := tokens{JWTToken: grant.Access.Reveal()}
		if !grant.Session.Policy.Reusable {
			body.RefreshToken = grant.Refresh.Reveal()
		}
		return api.Refreshed(grant, nil, body), nil
	})
}
