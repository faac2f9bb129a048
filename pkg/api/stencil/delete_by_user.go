package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteByUser is DELETE /jwt/users/{userId}/refresh.
func DeleteByUser(shell api.Shell, deleter session.UserDeleter) api.Handler {
	return shell.Serve(api.DeleteByUser, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		user, fault := r.PathValue(keyUserID)
		p, err := onPath(r, user, fault)
		if err != nil {
			return api.Answer{}, err
		}
		return deleteByUser(ctx, deleter, p.Tenant, user, "")
	})
}

// bulkDeletion is the data of a deletion by user.
type bulkDeletion struct {
	Deleted int      `json:"deleted"`
	IDs     []string `json:"ids"`
}

// deleteByUser deletes in all applications, or in one when application is not "".
func deleteByUser(ctx context.Context, deleter session.UserDeleter, tenant, user, application string) (api.Answer, error) {
	ended, err := deleter.DeleteByUser(ctx, tenant, user, application)
	if err != nil {
		return api.Answer{}, err
	}
	data := bulkDeletion{Deleted: len(ended), IDs: make([]string, len(ended))}
	for i, id := range ended {
		data.IDs[i] = id.String()
	}
	return success("Tokens deleted.", data), nil
}
