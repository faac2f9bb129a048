package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteByUserAndApplication is DELETE /jwt/users/{userId}/applications/{applicationId}/refresh.
func DeleteByUserAndApplication(shell api.Shell, deleter session.UserDeleter) api.Handler {
	run := func(ctx context.Context, r *api.Request) (api.Answer, error) {
		user, userFault := r.PathValue(keyUserID)
		application, applicationFault := r.PathValue(keyApplicationID)
		p, e, err := onPath(r, user, api.JoinFaults(userFault, applicationFault), keyReason, keyKept, keyExcept)
		if err != nil {
			return api.Answer{}, err
		}
		return deleteByUser(ctx, deleter, e, session.Query{Tenant: p.Tenant, User: user, Application: application})
	}
	return shell.Serve(api.DeleteByUserAndApplication, failure, run)
}
