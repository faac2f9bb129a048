package stencil

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// envelope is the shape of every answer under /jwt, and of what API Gateway itself raises.
type envelope struct {
	Success    bool                 `json:"success"`
	Message    string               `json:"message"`
	Data       any                  `json:"data"`
	NextCursor string               `json:"nextCursor,omitempty"`
	Hint       string               `json:"hint,omitempty"`
	Code       string               `json:"code,omitempty"`
	Errors     []session.FieldError `json:"errors,omitempty"`
}

// success is the answer of an operation that did what was asked.
func success(message string, data any) api.Answer {
	return api.Answer{Body: envelope{Success: true, Message: message, Data: data}}
}

// failure is the answer to an error.
func failure(err error) api.Answer {
	e := api.ErrorOf(err)
	body := envelope{Message: e.Message, Errors: api.FieldsOf(err)}
	switch session.KindOf(err) {
	case session.KindRefused, session.KindApplicationGone:
		body.Code = invalidRefreshToken
	case session.KindAccessRequired:
		body.Errors = []session.FieldError{{Field: keyAccessToken, Code: "missing", Message: e.Message}}
	case session.KindBadProof, session.KindNonce:
		body.Code = string(session.KindOf(err))
	default: // fields alone
	}
	return e.Answer(body)
}

// invalidRefreshToken is the code of every refresh token that does not refresh.
const invalidRefreshToken = "invalid_refresh_token"

// OtherMethods is the body of a 404 where a path has these methods and the request has another one.
func OtherMethods(methods []string) string {
	body, err := json.Marshal(envelope{Message: "There is no such route. This path takes: " + strings.Join(methods, ", ") + "."})
	if err != nil {
		return "" // not reached: an envelope with a message alone
	}
	return string(body) + "\n"
}

// credentials is the data of issue and refresh.
type credentials struct {
	AccessToken           string `json:"accessToken"`
	TokenType             string `json:"tokenType"`
	ExpiresIn             int64  `json:"expiresIn"`
	RefreshToken          string `json:"refreshToken,omitempty"` // none where it is a cookie
	RefreshTokenID        string `json:"refreshTokenId"`
	RefreshTokenExpiresAt string `json:"refreshTokenExpiresAt"`
}

// newCredentials is where tokens are revealed to their holder.
func newCredentials(g session.Grant) credentials {
	return credentials{
		AccessToken:           g.Access.Reveal(),
		TokenType:             g.TokenType,
		ExpiresIn:             g.ExpiresIn,
		RefreshToken:          g.Refresh.Reveal(),
		RefreshTokenID:        g.Session.ID.String(),
		RefreshTokenExpiresAt: timestamp(g.Session.ExpiresAt()),
	}
}

// resource is a refresh token as it is shown: all there is to know of it, but the token and its hash.
type resource struct {
	ID                string          `json:"id"`
	TenantID          string          `json:"tenantId"`
	UserID            string          `json:"userId"`
	ApplicationID     string          `json:"applicationId"`
	Usage             session.Usage   `json:"usage"`
	Generation        uint32          `json:"generation"`
	Scope             *string         `json:"scope"`
	Device            *session.Device `json:"device"`
	CreatedAt         string          `json:"createdAt"`
	LastRefreshedAt   *string         `json:"lastRefreshedAt"`
	ExpiresAt         string          `json:"expiresAt"`
	AbsoluteExpiresAt string          `json:"absoluteExpiresAt"`
	LastSeen          *lastSeen       `json:"lastSeen"`
	Current           *bool           `json:"current"`
	Claims            json.RawMessage `json:"claims"`
}

// lastSeen is the caller of the latest refresh.
type lastSeen struct {
	IP        *string `json:"ip"`
	UserAgent *string `json:"userAgent"`
}

// newResource shows a session to a user or to an API key. Claims are for keys that may read; a user sees which session is
// that of the access token.
func newResource(s session.Session, to authorizer.Principal) resource {
	r := resource{
		ID: s.ID.String(), TenantID: s.Tenant, UserID: s.User, ApplicationID: s.Application,
		Usage: session.OneTime, Generation: s.Generation, Device: s.Device,
		CreatedAt: timestamp(s.CreatedAt), ExpiresAt: timestamp(s.ExpiresAt()),
		AbsoluteExpiresAt: timestamp(s.AbsoluteExpiresAt),
	}
	if s.Policy.Reusable {
		r.Usage = session.Reusable
	}
	if s.Scope != "" {
		r.Scope = &s.Scope
	}
	if !s.RotatedAt().IsZero() {
		at, ip := timestamp(s.RotatedAt()), ""
		if s.LastSeen.Address.IsValid() {
			ip = s.LastSeen.Address.String()
		}
		r.LastRefreshedAt, r.LastSeen = &at, &lastSeen{given(ip), given(s.LastSeen.UserAgent)}
	}
	if to.IsUser() {
		current := r.ID == to.Session
		r.Current = &current
	} else if to.Has(session.MayRead) {
		r.Claims = s.Claims
	}
	return r
}

// timestamp is RFC 3339 in UTC, to the millisecond.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
