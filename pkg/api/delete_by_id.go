package api

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
)

// DeleteByID is DELETE /jwt/refresh/{tokenId}.
func DeleteByID(c Core) Handler {
	return c.serve(opDeleteByID, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		return c.onPath(ctx, r, opDeleteByID, keyTokenID)
	})
}

func (c Core) deleteByID(ctx context.Context, p authorizer.Principal, text string) (answer, error) {
	id, err := tokenID(text)
	if err != nil {
		return answer{}, err
	}
	s, err := c.Sessions.Delete(ctx, p.Caller(), id)
	if err != nil {
		return answer{}, err
	}
	return answer{message: "Token deleted.", data: newResource(s)}, nil
}
