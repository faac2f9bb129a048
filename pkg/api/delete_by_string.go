package api

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
)

// DeleteByString is POST /jwt/revoke: a token of any generation ends its session.
func DeleteByString(c Core) Handler {
	return c.serve(opDeleteByString, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		p, err := r.principal()
		if err != nil {
			return answer{}, err
		}
		if err := permit(p, opDeleteByString, ""); err != nil {
			return answer{}, err
		}
		members, err := r.revokeMembers()
		if err != nil {
			return answer{}, err
		}
		in, err := readInput(members, keyTokenString, keyToken, keyRefreshToken)
		if err == nil && len(in) != 1 {
			err = fieldFault(keyTokenString, "missing", "is required, or one of token and refreshToken in its place")
		}
		if err := joinFaults(r.noOverride(), r.noQuery(), err); err != nil {
			return answer{}, err
		}
		for _, text := range in {
			return c.deleteByString(ctx, p, text)
		}
		return answer{}, errOurs // not reached: in has one key
	})
}

func (c Core) deleteByString(ctx context.Context, p authorizer.Principal, text string) (answer, error) {
	s, err := c.Sessions.DeleteByToken(ctx, p.Caller(), text)
	if err != nil {
		return answer{}, err
	}
	return answer{message: "Token deleted.", data: newResource(s)}, nil
}
