package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RetrieveByID is GET /jwt/refresh/{tokenId}.
func RetrieveByID(shell api.Shell, retriever session.Retriever) api.Handler {
	return shell.Serve(api.RetrieveByID, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, id, _, err := tokenOnPath(r)
		if err != nil {
			return api.Answer{}, err
		}
		return retrieveByID(ctx, retriever, p, id)
	})
}

func retrieveByID(ctx context.Context, retriever session.Retriever, p authorizer.Principal, id token.ID) (api.Answer, error) {
	s, err := retriever.Retrieve(ctx, p.Caller(), id)
	if err != nil {
		return api.Answer{}, err
	}
	return success("Token retrieved.", newResource(s, p)), nil
}
