package api

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Accompanying is what came beside a refresh token (law 6). An access token may have expired.
type Accompanying struct {
	// Text came in the header or the body; "" if nothing did.
	Text string
	// Cookies came by cookie. One that does not fit counts as absent.
	Cookies []string
	// Refusal is the answer to a Text that does not fit. It is no answer to a narrowed one, which counts as absent, nor,
	// where the session needs no access token, to one whose key or issuer is unknown.
	Refusal error
}

// AccessToken takes an access token out of an Authorization header of scheme Bearer or DPoP; "" for an API key and for
// Basic, which count as absent. The boolean is false for anything else.
func AccessToken(authorization string) (string, bool) {
	text, ok := authorizer.Credential(authorization, "Bearer", "DPoP")
	if ok && !token.IsAPIKey(text) {
		return text, true
	}
	return "", ok || authorizer.Scheme(authorization, "Basic")
}

// ExchangeBeside is Exchange with what came beside the refresh token.
func (r *Request) ExchangeBeside(ctx context.Context, refresher session.Refresher, companion token.Companion,
	req session.RefreshRequest, a Accompanying,
) (session.Grant, error) {
	access, err := genuine(ctx, companion, a.Text)
	foreign := errors.Is(err, token.ErrForeignAccess)
	switch {
	case foreign:
	case errors.Is(err, token.ErrBadAccess):
		return session.Grant{}, a.Refusal
	case err != nil:
		return session.Grant{}, err
	case len(access) > 0:
		req.Access = &access[0]
	default:
		req.Cookies, err = genuine(ctx, companion, a.Cookies...)
		if err != nil && !errors.Is(err, token.ErrBadAccess) {
			return session.Grant{}, err
		}
	}
	grant, err := r.Exchange(ctx, refresher, req)
	if foreign && errors.Is(err, session.ErrAccessRequired) {
		err = a.Refusal
	}
	return grant, err
}

// genuine are the access tokens among texts, of which "" and a narrowed one are none. Errors: token.ErrBadAccess, beside
// the genuine ones; keys.ErrUnavailable.
func genuine(ctx context.Context, companion token.Companion, texts ...string) (all []token.Access, bad error) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		access, err := companion.Verify(ctx, text)
		switch {
		case errors.Is(err, token.ErrBadAccess):
			bad = err
		case err != nil:
			return nil, err
		case !access.Narrowed:
			all = append(all, access)
		}
	}
	return all, bad
}
