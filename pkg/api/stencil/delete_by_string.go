package stencil

import (
	"context"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteByString is POST /jwt/revoke: a token of any generation ends its session.
func DeleteByString(shell api.Shell, deleter session.TokenDeleter) api.Handler {
	return shell.Serve(api.DeleteByString, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, err := r.Permitted("")
		if err != nil {
			return api.Answer{}, err
		}
		given, err := members(r.FormMembers())
		if err != nil {
			return api.Answer{}, err
		}
		in, err := api.ReadInput(given, keyTokenString, keyToken, api.KeyRefreshToken, keyReason)
		if err == nil && len(selectors(in)) != 1 {
			err = api.FieldFault(keyTokenString, "missing", "is required, or one of token and refreshToken in its place")
		}
		e, endErr := readEnding(in, p)
		if err := api.JoinFaults(r.NoOverride(), r.NoQuery(), err, endErr); err != nil {
			return api.Answer{}, err
		}
		return deleteByString(e.because(ctx), deleter, p, in[keyTokenString]+in[keyToken]+in[api.KeyRefreshToken])
	})
}

// errSpaced is a string that copying has damaged.
var errSpaced = api.NewError(session.KindNoSession, http.StatusNotFound,
	"There is no such token: whitespace stands before or behind the string.")

func deleteByString(ctx context.Context, deleter session.TokenDeleter, p authorizer.Principal, text string) (api.Answer, error) {
	if strings.TrimSpace(text) != text {
		return api.Answer{}, errSpaced
	}
	s, err := deleter.DeleteByToken(ctx, p.Caller(), text)
	return deleted(p, s, err)
}
