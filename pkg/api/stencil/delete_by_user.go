package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// DeleteByUser is DELETE /jwt/users/{userId}/refresh.
func DeleteByUser(shell api.Shell, deleter session.UserDeleter) api.Handler {
	return shell.Serve(api.DeleteByUser, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		user, fault := r.PathValue(keyUserID)
		p, e, err := onPath(r, user, fault, keyReason, keyKept, keyExcept)
		if err != nil {
			return api.Answer{}, err
		}
		return deleteByUser(ctx, deleter, e, session.Query{Tenant: p.Tenant, User: user})
	})
}

// bulkDeletion is the data of a deletion by user.
type bulkDeletion struct {
	Deleted int      `json:"deleted"`
	IDs     []string `json:"ids"`
	Kept    []string `json:"kept,omitempty"`
}

// deleteByUser deletes in all applications, or in the one of the query.
func deleteByUser(ctx context.Context, deleter session.UserDeleter, e ending, q session.Query) (api.Answer, error) {
	data := bulkDeletion{IDs: []string{}}
	var ended []token.ID
	var err error
	if ctx = e.because(ctx); e.kept == nil {
		ended, err = deleter.DeleteByUser(ctx, q.Tenant, q.User, q.Application)
	} else {
		ended, err = deleter.DeleteOthers(ctx, q.Tenant, q.User, q.Application, *e.kept)
		data.Kept = []string{e.kept.String()}
	}
	if err != nil {
		return api.Answer{}, err
	}
	data.Deleted = len(ended)
	for _, id := range ended {
		data.IDs = append(data.IDs, id.String())
	}
	return success("Tokens deleted.", data), nil
}
