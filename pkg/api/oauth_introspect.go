package api

import (
	"context"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// introspection is the answer of RFC 7662 section 2.2; an inactive token has nothing but that.
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	NotBefore int64  `json:"nbf,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	ID        string `json:"jti,omitempty"`
	Tenant    string `json:"tid,omitempty"`
	Session   string `json:"sid,omitempty"`
}

// OauthIntrospect is POST /oauth2/introspect (RFC 7662), for API keys that may read.
func OauthIntrospect(c Core) Handler {
	return c.serve(opOauthIntrospect, oauth{}, func(ctx context.Context, r *request) (answer, error) {
		a := answer{header: pragma()}
		p, err := r.principal()
		if err != nil {
			return a, err
		}
		if err := permit(p, opOauthIntrospect, ""); err != nil {
			return a, err
		}
		form, err := r.form()
		if err != nil {
			return a, err
		}
		text := form.Get("token")
		if text == "" {
			return a, invalidRequest("token is required.")
		}
		found, err := c.Sessions.Introspect(ctx, p.Caller(), text)
		if errors.Is(err, session.ErrNoSession) {
			a.data = introspection{}
			return a, nil
		}
		a.data = c.newIntrospection(found)
		return a, err
	})
}

func (c Core) newIntrospection(found session.Introspection) introspection {
	s := found.Session
	i := introspection{
		Active: true, Scope: s.Scope, ClientID: s.Application, Subject: s.User, Audience: s.Application,
		Issuer: c.Issuer, Tenant: s.Tenant, Session: s.ID.String(),
		Expires: s.ExpiresAt().Unix(), IssuedAt: s.CreatedAt.Unix(),
	}
	if access := found.Access; access != nil {
		i.TokenType, i.ID, i.Scope = "Bearer", access.ID, access.Scope
		i.Expires, i.IssuedAt, i.NotBefore = access.Expires, access.IssuedAt, access.NotBefore
	}
	return i
}
