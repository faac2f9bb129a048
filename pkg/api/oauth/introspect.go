package oauth

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// introspection is the answer of RFC 7662 section 2.2; an inactive token has nothing but that.
type introspection struct {
	Active    bool           `json:"active"`
	Scope     string         `json:"scope,omitempty"`
	ClientID  string         `json:"client_id,omitempty"`
	TokenType string         `json:"token_type,omitempty"`
	Expires   int64          `json:"exp,omitempty"`
	IssuedAt  int64          `json:"iat,omitempty"`
	NotBefore int64          `json:"nbf,omitempty"`
	Subject   string         `json:"sub,omitempty"`
	Audience  token.Audience `json:"aud,omitempty"`
	Issuer    string         `json:"iss,omitempty"`
	ID        string         `json:"jti,omitempty"`
	Tenant    string         `json:"tid,omitempty"`
	Session   string         `json:"sid,omitempty"`

	Confirmation *token.Confirmation `json:"cnf,omitempty"`

	custom json.RawMessage // none of the names above: token.ReservedClaim
}

// MarshalJSON adds the custom claims.
func (i introspection) MarshalJSON() ([]byte, error) {
	type plain introspection
	own, err := json.Marshal(plain(i))
	return token.MergeClaims(i.custom, own), err
}

// Introspect is POST /oauth2/introspect (RFC 7662), for API keys that may read.
func Introspect(shell api.Shell, introspector session.Introspector) api.Handler {
	return shell.Serve(api.OauthIntrospect, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, err := r.Permitted("")
		if err != nil {
			return api.Answer{}, err
		}
		form, err := readForm(r)
		if err != nil {
			return api.Answer{}, err
		}
		text := form.Get("token")
		if text == "" {
			return api.Answer{}, invalidRequest("token is required.")
		}
		found, err := introspector.Introspect(ctx, p.Caller(), text)
		if errors.Is(err, session.ErrNoSession) {
			return uncached(api.Ended(err, introspection{})), nil
		}
		return uncached(api.Answer{Body: newIntrospection(shell.Issuer.Of(found.Session.Tenant), found)}), err
	})
}

func newIntrospection(issuer string, found session.Introspection) introspection {
	s := found.Session
	i := introspection{
		Active: true, Scope: s.Scope, ClientID: s.Application, Subject: s.User, Audience: s.Audience,
		Issuer: issuer, Tenant: s.Tenant, Session: s.ID.String(),
		Expires: s.ExpiresAt().Unix(), IssuedAt: s.CreatedAt.Unix(), custom: found.Claims,
	}
	if !s.JKT.IsZero() {
		i.Confirmation = &token.Confirmation{JKT: s.JKT.String()}
	}
	if access := found.Access; access != nil {
		i.TokenType, i.ID, i.Scope, i.Confirmation = access.Type(), access.ID, access.Scope, access.Confirmation
		i.Audience = access.Audience
		i.Expires, i.IssuedAt, i.NotBefore = access.Expires, access.IssuedAt, access.NotBefore
	}
	return i
}
