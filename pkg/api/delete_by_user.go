package api

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
)

// DeleteByUser is DELETE /jwt/users/{userId}/refresh.
func DeleteByUser(c Core) Handler {
	return c.serve(opDeleteByUser, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		return c.onPath(ctx, r, opDeleteByUser, keyUserID)
	})
}

// deleteByUser deletes in all applications, or in one when application is not "".
func (c Core) deleteByUser(ctx context.Context, p authorizer.Principal, user, application string) (answer, error) {
	ended, err := c.Sessions.DeleteByUser(ctx, p.Tenant, user, application)
	if err != nil {
		return answer{}, err
	}
	data := bulkDeletion{Deleted: len(ended), IDs: make([]string, len(ended))}
	for i, id := range ended {
		data.IDs[i] = id.String()
	}
	return answer{message: "Tokens deleted.", data: data}, nil
}
