package stencil

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// UpdateByUser is PATCH /jwt/users/{userId}/refresh.
func UpdateByUser(shell api.Shell, updater session.UserUpdater) api.Handler {
	return shell.Serve(api.UpdateByUser, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		user, fault := r.PathValue(keyUserID)
		p, err := r.Permitted(user)
		if err != nil {
			return api.Answer{}, err
		}
		given, err := members(r.Members())
		if err != nil {
			return api.Answer{}, err
		}
		asked, err := readPatch(given, p, keyApplicationID)
		if err := api.JoinFaults(r.NoOverride(), r.NoQuery(), fault, err, updater.Check(asked.Patch)); err != nil {
			return api.Answer{}, err
		}
		q := session.Query{Tenant: p.Tenant, User: user, Application: asked.application}
		updated, remaining, err := updater.UpdateByUser(asked.because(ctx), q, asked.Patch)
		if err != nil {
			return api.Answer{}, err
		}
		data := bulkUpdate{Updated: len(updated), IDs: append([]token.ID{}, updated...), Remaining: remaining}
		return success("Tokens updated.", data), nil
	})
}

// bulkUpdate is the data of an update by user.
type bulkUpdate struct {
	Updated   int        `json:"updated"`
	IDs       []token.ID `json:"ids"`
	Remaining int        `json:"remaining"` // for a repetition
}
