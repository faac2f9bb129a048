package api

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
)

// DeleteByApplication is DELETE /jwt/applications/{applicationId}/refresh: one write, however many sessions.
func DeleteByApplication(c Core) Handler {
	return c.serve(opDeleteByApplication, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		return c.onPath(ctx, r, opDeleteByApplication, keyApplicationID)
	})
}

// deleteByApplication may name an anchor: the id of a live token that must be of this application.
func (c Core) deleteByApplication(ctx context.Context, p authorizer.Principal, application, anchor string,
) (answer, error) {
	var epoch uint64
	var err error
	if anchor == "" {
		epoch, err = c.Sessions.DeleteByApplication(ctx, p.Tenant, application)
	} else {
		id, notID := tokenID(anchor)
		if notID != nil {
			return answer{}, notID
		}
		epoch, err = c.Sessions.DeleteByAnchor(ctx, p.Caller(), id, application)
	}
	if err != nil {
		return answer{}, err
	}
	return answer{
		message: "All tokens of the application are deleted.",
		data:    epochDeletion{ApplicationID: application, Epoch: epoch},
	}, nil
}
