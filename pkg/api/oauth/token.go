package oauth

import (
	"context"
	"net/http"
	"slices"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// tokens is the success of RFC 6749 section 5.1.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope,omitempty"`
	// draft-ietf-oauth-refresh-token-expiration, in seconds: unless it is used, and whatever happens.
	RefreshTimeout         int64 `json:"refresh_token_timeout"`
	AuthorizationExpiresIn int64 `json:"authorization_expires_in"`
}

// Token is POST /oauth2/token: the refresh_token grant (RFC 6749 section 6).
func Token(shell api.Shell, companion token.Companion, refresher session.Refresher) api.Handler {
	return shell.Serve(api.OauthToken, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		req, err := readGrant(r)
		if err != nil {
			return api.Answer{}, err
		}
		// An application may require the access token as well; OAuth has no parameter for it, so it comes in the header.
		authorization, err := r.Headers.Authorization()
		if err != nil {
			return api.Answer{}, err
		}
		access, _ := api.AccessToken(authorization)
		beside := api.Accompanying{Text: access, Refusal: authorizer.ErrUnauthenticated}
		grant, err := r.ExchangeBeside(ctx, refresher, companion, req, beside)
		if err != nil {
			return api.Answer{}, err
		}
		return uncached(api.Refreshed(grant, nil, tokens{
			AccessToken: grant.Access.Reveal(), TokenType: grant.TokenType, ExpiresIn: grant.ExpiresIn,
			RefreshToken: grant.Refresh.Reveal(), Scope: grant.Session.Scope,
			RefreshTimeout: grant.RefreshExpiresIn, AuthorizationExpiresIn: grant.SessionExpiresIn,
		})), nil
	})
}

func readGrant(r *api.Request) (session.RefreshRequest, error) {
	form, err := readForm(r)
	if err != nil {
		return session.RefreshRequest{}, err
	}
	client, err := client(r, form)
	if err != nil {
		return session.RefreshRequest{}, err
	}
	req := session.RefreshRequest{
		Token: form.Get("refresh_token"), Application: client, Scope: form.Get("scope"),
		Resources: slices.DeleteFunc(form["resource"], func(r string) bool { return r == "" }),
	}
	switch grantType := form.Get("grant_type"); {
	case grantType == "":
		return req, invalidRequest("grant_type is required.")
	case grantType != "refresh_token":
		return req, clientError{http.StatusBadRequest, refusal{"unsupported_grant_type", "The grant type must be refresh_token."}}
	case req.Token == "":
		return req, invalidRequest("refresh_token is required.")
	case req.Scope != "" && (len(req.Scope) > api.MaxScope || !api.WellFormedScope(req.Scope)):
		return req, clientError{http.StatusBadRequest, refusal{"invalid_scope", "The scope is not made of scope tokens with single spaces between them."}}
	}
	return req, nil
}
