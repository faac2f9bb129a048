package api

import (
	"cmp"
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Refresh is POST /jwt/refresh: a refresh, or one of the documented forms that share its path. No authorizer
// stands in front of it, since a refresh is authorised by the refresh token alone; a form that is another
// operation passes the very same check of its headers here.
func Refresh(c Core) Handler {
	return c.serve(opRefresh, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		f, err := resolveCollection(r)
		if err != nil {
			return answer{}, err
		}
		if f.op == opRefresh {
			return c.refresh(ctx, r, f.in)
		}
		p, err := c.Authorizer.Authenticate(ctx, r.headers)
		r.tenant = p.Tenant
		if errors.Is(err, authorizer.ErrAmbiguous) {
			return answer{}, errAmbiguous
		}
		if err != nil {
			return answer{}, err
		}
		return c.run(ctx, r, p, f)
	})
}

// accompanying is where the access token beside a refresh token came from; it decides how a bad one is refused.
type accompanying struct {
	text       string
	fromHeader bool
}

func (a accompanying) refusal() error {
	if a.fromHeader {
		return errBadHeader
	}
	return errBadAccess
}

func (c Core) refresh(ctx context.Context, r *request, in input) (answer, error) {
	jar, err := readCookies(r, in)
	if err != nil {
		return answer{}, err
	}
	if jar.used {
		if err := c.sameSite(r); err != nil {
			return answer{}, err
		}
	}
	came, err := accompanyingToken(r, in, jar)
	if err != nil {
		return answer{}, err
	}
	req := session.RefreshRequest{Token: jar.refresh}
	if came.text != "" {
		if req.Access, err = c.accompanied(ctx, came.text, came.refusal()); err != nil {
			return answer{}, err
		}
	}
	grant, err := c.exchange(ctx, r, req)
	if errors.Is(err, session.ErrOtherSession) {
		return answer{}, came.refusal()
	}
	if err != nil {
		return answer{}, err
	}
	return answer{
		message: "Token refreshed.", data: newCredentials(grant), outcome: grant.Outcome, header: jar.set(grant),
	}, nil
}

// accompanied verifies the access token beside a refresh token, on every interface: it may have expired, and a bad
// one is answered with refusal.
func (c Core) accompanied(ctx context.Context, text string, refusal error) (*token.Access, error) {
	access, err := c.Verifier.VerifyEvenExpired(ctx, text)
	switch {
	case errors.Is(err, keys.ErrUnavailable):
		return nil, err
	case err != nil:
		return nil, refusal
	}
	return &access, nil
}

// exchange refreshes, for every interface, under the tenant header if there is one.
func (c Core) exchange(ctx context.Context, r *request, req session.RefreshRequest) (session.Grant, error) {
	tenant, err := r.headers.Tenant()
	if err != nil {
		return session.Grant{}, errAmbiguous
	}
	req.Tenant = tenant
	grant, err := c.Sessions.Refresh(ctx, req)
	r.tenant = grant.Session.Tenant
	if refusal := (*session.RefreshError)(nil); errors.As(err, &refusal) {
		r.tenant = refusal.Key.Tenant
	}
	return grant, err
}

// accompanyingToken finds the access token beside the refresh token. The header may hold an access token only:
// a refresh is authorised by nothing but the refresh token, so an API key there is a misunderstanding.
func accompanyingToken(r *request, in input, jar cookieJar) (accompanying, error) {
	authorization, err := r.headers.Authorization()
	if err != nil {
		return accompanying{}, errAmbiguous
	}
	inBody, err := bodyAccess(in)
	if err != nil {
		return accompanying{}, err
	}
	if len(r.headers.Values("Authorization")) == 0 {
		if inBody == "" && len(jar.access) > 1 {
			return accompanying{}, errTwoCookies
		}
		return accompanying{text: cmp.Or(append([]string{inBody}, jar.access...)...)}, nil
	}
	bearer, ok := authorizer.Bearer(authorization)
	came := accompanying{text: bearer, fromHeader: true}
	switch {
	case !ok || token.IsAPIKey(bearer):
		return came, came.refusal()
	case inBody != "" && inBody != bearer:
		return came, fieldFault(keyToken, "conflict", "contradicts the Authorization header")
	}
	return came, nil
}

// bodyAccess is the access token in the body: token and accessToken are two names of it.
func bodyAccess(in input) (string, error) {
	a, b := in[keyToken], in[keyAccessToken]
	if a != "" && b != "" && a != b {
		return "", fieldFault(keyAccessToken, "conflict", "contradicts token, which means the same")
	}
	return cmp.Or(a, b), nil
}
