package oauth

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Revoke is POST /oauth2/revoke (RFC 7009): whoever holds a token of either kind ends its session. A token that is
// unknown or over is a success too (section 2.2); token_type_hint is not needed to find one.
func Revoke(shell api.Shell, revoker session.Revoker) api.Handler {
	return shell.Serve(api.OauthRevoke, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		form, err := readForm(r)
		if err != nil {
			return api.Answer{}, err
		}
		client, err := client(r, form)
		if err != nil {
			return api.Answer{}, err
		}
		text := form.Get("token")
		if text == "" {
			return api.Answer{}, invalidRequest("token is required.")
		}
		err = revoker.Revoke(ctx, text, client)
		if errors.Is(err, session.ErrNoSession) {
			return uncached(api.Ended(err, struct{}{})), nil
		}
		return uncached(api.Answer{Body: struct{}{}}), err
	})
}
