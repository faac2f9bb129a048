package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteByApplication is DELETE /jwt/applications/{applicationId}/refresh: one write, however many sessions.
func DeleteByApplication(shell api.Shell, deleter session.ApplicationDeleter) api.Handler {
	return shell.Serve(api.DeleteByApplication, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		application, fault := r.PathValue(keyApplicationID)
		p, e, err := onPath(r, "", fault, keyReason)
		if err != nil {
			return api.Answer{}, err
		}
		epoch, err := deleter.DeleteByApplication(e.because(ctx), p.Tenant, application)
		return epochAdvanced(application, epoch, err)
	})
}

// epochDeletion is the data of a deletion by application.
type epochDeletion struct {
	ApplicationID string `json:"applicationId"`
	Epoch         uint64 `json:"epoch"`
}

func epochAdvanced(application string, epoch uint64, err error) (api.Answer, error) {
	if err != nil {
		return api.Answer{}, err
	}
	return success("All tokens of the application are deleted.", epochDeletion{ApplicationID: application, Epoch: epoch}), nil
}
