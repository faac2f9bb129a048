package stencil

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Logout is POST /jwt/logout: every genuine refresh token in the body and in cookies ends its session, whatever its
// generation, and the answer clears the cookies. It reads the same for a token that ends nothing.
func Logout(shell api.Shell, deleter session.TokenDeleter) api.Handler {
	return shell.Serve(api.Logout, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		if err := shell.CheckOrigin(r); err != nil {
			return api.Answer{}, err
		}
		given, err := members(r.Members())
		if err != nil {
			return api.Answer{}, err
		}
		in, err := api.ReadInput(given, api.KeyRefreshToken)
		if err := api.JoinFaults(r.NoOverride(), r.NoQuery(), err); err != nil {
			return api.Answer{}, err
		}
		answer := success("Logged out.", nil)
		answer.Header = shell.ClearCookies()
		for _, text := range r.RefreshTokens(in[api.KeyRefreshToken]) {
			ended, err := deleter.LogOut(ctx, text)
			switch {
			case err == nil:
				r.Tenant = ended.Tenant
			case errors.Is(err, session.ErrWrongRoot):
				answer.Outcome, answer.Security = string(session.WrongRoot), true
			case errors.Is(err, session.ErrDroppedKey):
				answer.Outcome = string(session.DroppedKey)
			case !errors.Is(err, session.ErrNoSession):
				return api.Answer{}, err // nothing is cleared: the browser can repeat it
			}
		}
		return answer, nil
	})
}
