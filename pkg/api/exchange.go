package api

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Exchange refreshes a session, on every interface. A tenant header must name the tenant of the refresh token.
func (r *Request) Exchange(ctx context.Context, refresher session.Refresher, req session.RefreshRequest) (session.Grant, error) {
	tenant, err := r.Headers.Tenant()
	if err != nil {
		return session.Grant{}, ErrAmbiguous
	}
	req.Tenant = tenant
	grant, err := refresher.Refresh(ctx, req)
	var refusal *session.RefreshError
	if r.Tenant = grant.Session.Tenant; errors.As(err, &refusal) {
		r.Tenant = refusal.Key.Tenant
	}
	return grant, err
}

// Accompanying verifies the access token that comes with a refresh token, on every interface. It may have expired; for a
// bad one the error is refusal.
func Accompanying(ctx context.Context, verifier token.Verifier, text string, refusal error) (*token.Access, error) {
	access, err := verifier.VerifyEvenExpired(ctx, text)
	switch {
	case errors.Is(err, keys.ErrUnavailable):
		return nil, err
	case err != nil:
		return nil, refusal
	}
	return &access, nil
}
