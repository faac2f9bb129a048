package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RetrieveByID is GET /jwt/refresh/{tokenId}.
func RetrieveByID(shell api.Shell, retriever session.Retriever) api.Handler {
	return shell.Serve(api.RetrieveByID, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		caller, id, _, err := tokenOnPath(r)
		if err != nil {
			return api.Answer{}, err
		}
		return retrieveByID(ctx, retriever, caller, id)
	})
}

func retrieveByID(ctx context.Context, retriever session.Retriever, c session.Caller, id token.ID) (api.Answer, error) {
	s, err := retriever.Retrieve(ctx, c, id)
	if err != nil {
		return api.Answer{}, err
	}
	return success("Token retrieved.", newResource(s)), nil
}
