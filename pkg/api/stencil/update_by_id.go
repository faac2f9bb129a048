package stencil

import (
	"context"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// UpdateByID is PATCH /jwt/refresh/{tokenId}. An owner may change the name of the device alone.
func UpdateByID(shell api.Shell, updater session.Updater) api.Handler {
	return shell.Serve(api.UpdateByID, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		text, fault := r.PathValue(keyTokenID)
		p, err := r.Permitted("")
		if err != nil {
			return api.Answer{}, err
		}
		given, err := members(r.Members())
		if err != nil {
			return api.Answer{}, err
		}
		if p.IsUser() && asksMore(given) {
			return api.Answer{}, errOwner
		}
		asked, err := readPatch(given, p)
		if err := api.JoinFaults(r.NoOverride(), r.NoQuery(), fault, err, updater.Check(asked.Patch)); err != nil {
			return api.Answer{}, err
		}
		id, err := tokenID(text)
		if err != nil {
			return api.Answer{}, err
		}
		s, err := updater.Update(asked.because(ctx), p.Caller(), id, asked.Patch)
		if err != nil {
			return api.Answer{}, err
		}
		return success("Token updated.", newResource(s, p)), nil
	})
}

var errOwner = api.Forbidden(fmt.Sprintf("An access token may change device.name and nothing else. The rest takes an API key "+
	"with the permission %s.", session.MayUpdate))

// asksMore reports whether a body asks for what an owner may not change.
func asksMore(given []api.Member) bool {
	for _, name := range []string{keyClaims, keyScope, keyAbsoluteEnd, keySupersede} {
		if api.Mentions(given, name) {
			return true
		}
	}
	return false
}
