package api

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RetrieveByID is GET /jwt/refresh/{tokenId}.
func RetrieveByID(c Core) Handler {
	return c.serve(opRetrieveByID, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		return c.onPath(ctx, r, opRetrieveByID, keyTokenID)
	})
}

func (c Core) retrieveByID(ctx context.Context, p authorizer.Principal, text string) (answer, error) {
	id, err := tokenID(text)
	if err != nil {
		return answer{}, err
	}
	s, err := c.Sessions.Retrieve(ctx, p.Caller(), id)
	if err != nil {
		return answer{}, err
	}
	return answer{message: "Token retrieved.", data: newResource(s)}, nil
}

// tokenID reads a session's id; one that is no UUID cannot exist.
func tokenID(text string) (token.ID, error) {
	id, ok := token.ParseID(text)
	if !ok {
		return id, session.ErrNoSession
	}
	return id, nil
}
