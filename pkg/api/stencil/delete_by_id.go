package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// DeleteByID is DELETE /jwt/refresh/{tokenId}.
func DeleteByID(shell api.Shell, deleter session.Deleter) api.Handler {
	return shell.Serve(api.DeleteByID, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, id, e, err := tokenOnPath(r, keyReason)
		if err != nil {
			return api.Answer{}, err
		}
		return deleteByID(e.because(ctx), deleter, p, id)
	})
}

func deleteByID(ctx context.Context, deleter session.Deleter, p authorizer.Principal, id token.ID) (api.Answer, error) {
	s, err := deleter.Delete(ctx, p.Caller(), id)
	return deleted(p, s, err)
}

// deleted answers with the session that a deletion of one token ended.
func deleted(p authorizer.Principal, s session.Session, err error) (api.Answer, error) {
	if err != nil {
		return api.Answer{}, err
	}
	return success("Token deleted.", newResource(s, p)), nil
}
