package stencil

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Refresh is POST /jwt/refresh: a refresh, or one of the documented forms that share its path. It has no authorizer
// in front of it, since a refresh is authorised by the refresh token alone; a form that is another operation passes
// the same check of its headers here.
func Refresh(shell api.Shell, a *authorizer.Authorizer, companion token.Companion, refresher session.Refresher, forms Forms,
) api.Handler {
	return shell.Serve(api.Refresh, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		f, err := forms.collection(r)
		if err != nil {
			return api.Answer{}, err
		}
		if f.run == nil {
			return refresh{shell, companion, refresher}.answer(ctx, r, f.in)
		}
		p, err := a.Authenticate(ctx, r.Headers)
		r.Tenant = p.Tenant
		if errors.Is(err, authorizer.ErrAmbiguous) {
			return api.Answer{}, api.ErrAmbiguous
		}
		if err != nil {
			return api.Answer{}, err
		}
		return f.answer(ctx, r, p)
	})
}

// refresh is what a refresh takes.
type refresh struct {
	shell     api.Shell
	companion token.Companion
	refresher session.Refresher
}

func (f refresh) answer(ctx context.Context, r *api.Request, in api.Input) (api.Answer, error) {
	jar := f.shell.Cookies(r, in[api.KeyRefreshToken], in[keyCookies] != "")
	if jar.Used() {
		if err := f.shell.CheckOrigin(r); err != nil {
			return api.Answer{}, err
		}
	}
	grant, err := f.exchange(ctx, r, in, jar)
	if session.Final(err) || errors.As(err, new(api.TwoSessionsError)) {
		a := failure(err)
		a.Header = jar.Dead()
		return a, nil
	}
	if err != nil {
		return api.Answer{}, err
	}
	data := newCredentials(grant)
	if jar.Used() {
		data.RefreshToken = "" // out of the reach of scripts
	}
	return api.Refreshed(grant, jar.Granted(grant), success("Token refreshed.", data).Body), nil
}

func (f refresh) exchange(ctx context.Context, r *api.Request, in api.Input, jar *api.Cookies) (session.Grant, error) {
	if err := jar.Choose(ctx, f.refresher.Identifier()); err != nil {
		return session.Grant{}, err
	}
	came, err := accompanying(r, in, jar)
	if err != nil {
		return session.Grant{}, err
	}
	return r.ExchangeBeside(ctx, f.refresher, f.companion, session.RefreshRequest{Token: jar.Refresh}, came)
}

// accompanying is what comes beside a refresh token; its source decides how a bad one is refused.
func accompanying(r *api.Request, in api.Input, jar *api.Cookies) (api.Accompanying, error) {
	const message = "The access token is not valid for this refresh token. Nothing was refreshed."
	inBody, err := bodyAccess(in)
	came := api.Accompanying{
		Text: inBody, Cookies: jar.Access, Refusal: api.NewError(session.KindBadAccess, http.StatusBadRequest, message),
	}
	authorization, ambiguous := r.Headers.Authorization()
	switch {
	case ambiguous != nil:
		return came, api.ErrAmbiguous
	case err != nil || len(r.Headers.Values("Authorization")) == 0:
		return came, err
	}
	refusal := api.NewError(authorizer.KindUnauthenticated, http.StatusUnauthorized, message)
	inHeader, ok := api.AccessToken(authorization)
	switch {
	case !ok:
		return came, refusal
	case inHeader == "":
		return came, nil
	case inBody != "" && inBody != inHeader:
		return came, api.FieldFault(keyToken, "conflict", "contradicts the Authorization header")
	}
	came.Text, came.Refusal = inHeader, refusal
	return came, nil
}

// bodyAccess is the access token in the body: token and accessToken are two names of it.
func bodyAccess(in api.Input) (string, error) {
	a, b := in[keyToken], in[keyAccessToken]
	if a != "" && b != "" && a != b {
		return "", api.FieldFault(keyAccessToken, "conflict", "contradicts token, which means the same")
	}
	return cmp.Or(a, b), nil
}
