package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// oauthTokens is the success of RFC 6749 section 5.1.
type oauthTokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope,omitempty"`
}

// OauthToken is POST /oauth2/token: the refresh_token grant (RFC 6749 section 6).
func OauthToken(c Core) Handler {
	return c.serve(opOauthToken, oauth{}, func(ctx context.Context, r *request) (answer, error) {
		form, err := r.form()
		if err != nil {
			return answer{header: pragma()}, err
		}
		req, err := c.readGrant(ctx, r, form)
		if err != nil {
			return answer{header: pragma()}, err
		}
		grant, err := c.exchange(ctx, r, req)
		if err != nil {
			return answer{header: pragma()}, err
		}
		scope := grant.Session.Scope
		return answer{
			data: oauthTokens{
				AccessToken: grant.Access.Reveal(), TokenType: "Bearer", ExpiresIn: grant.ExpiresIn,
				RefreshToken: grant.Refresh.Reveal(), Scope: scope,
			},
			outcome: grant.Outcome, header: pragma(),
		}, nil
	})
}

func (c Core) readGrant(ctx context.Context, r *request, form url.Values) (session.RefreshRequest, error) {
	client, err := r.client(form)
	if err != nil {
		return session.RefreshRequest{}, err
	}
	req := session.RefreshRequest{Token: form.Get("refresh_token"), Application: client, Scope: form.Get("scope")}
	switch grantType := form.Get("grant_type"); {
	case grantType == "":
		return req, invalidRequest("grant_type is required.")
	case grantType != "refresh_token":
		return req, oauthError{http.StatusBadRequest, oauthFailure{"unsupported_grant_type", "The grant type must be refresh_token."}}
	case req.Token == "":
		return req, invalidRequest("refresh_token is required.")
	case req.Scope != "" && (len(req.Scope) > maxScope || !wellFormedScope(req.Scope)):
		return req, oauthError{http.StatusBadRequest, oauthFailure{"invalid_scope", "The scope is not made of scope tokens with single spaces between them."}}
	}
	// An application may want the access token beside the refresh token; OAuth has no parameter for it, so it
	// comes as a Bearer token.
	authorization, err := r.headers.Authorization()
	if err != nil {
		return req, err
	}
	if bearer, ok := authorizer.Bearer(authorization); ok {
		req.Access, err = c.accompanied(ctx, bearer, authorizer.ErrUnauthenticated)
	}
	return req, err
}
