package authorizer

import (
	"errors"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Principal is who calls: an API key with permissions, or a user with the access token of a live session.
type Principal struct {
	Tenant string

	KeyID       string // empty for a user
	Permissions []session.Permission

	User        string // empty for an API key
	Application string
	Session     string
	Narrowed    bool // the user gave the token to somebody else: it manages no session (law 7)
}

// IsUser tells a user from an API key.
func (p Principal) IsUser() bool { return p.User != "" }

// Has says whether an API key has a permission; a user has none.
func (p Principal) Has(permission session.Permission) bool {
	return slices.ContainsFunc(p.Permissions, func(has session.Permission) bool { return has.Includes(permission) })
}

// Caller is what the principal may see: its whole tenant, or a user's own sessions.
func (p Principal) Caller() session.Caller {
	return session.Caller{Tenant: p.Tenant, User: p.User}
}

// Author names the principal in the history (law 9).
func (p Principal) Author() string {
	if p.IsUser() {
		return "user:" + p.Session
	}
	return "key:" + p.KeyID
}

// The keys of the authorizer's context; API Gateway hands its values on as strings.
const (
	contextTenant      = "tenantId"
	contextKey         = "keyId"
	contextPermissions = "permissions"
	contextUser        = "userId"
	contextApplication = "applicationId"
	contextSession     = "sessionId"
	contextNarrowed    = "narrowed"
	contextScope       = "scope"  // of Resource alone
	contextClaims      = "claims" // of Resource alone: the custom claims, an object of JSON
)

func (p Principal) context() map[string]any {
	permissions := make([]string, len(p.Permissions))
	for i, permission := range p.Permissions {
		permissions[i] = string(permission)
	}
	all := map[string]string{
		contextTenant:      p.Tenant,
		contextKey:         p.KeyID,
		contextPermissions: strings.Join(permissions, " "),
		contextUser:        p.User,
		contextApplication: p.Application,
		contextSession:     p.Session,
	}
	if p.Narrowed {
		all[contextNarrowed] = "true"
	}
	set := map[string]any{}
	for key, value := range all {
		if value != "" {
			set[key] = value
		}
	}
	return set
}

// FromContext reads back what the authorizer in front of the API said about the caller.
func FromContext(values map[string]any) (Principal, error) {
	text := func(key string) string {
		value, _ := values[key].(string)
		return value
	}
	p := Principal{
		Tenant: text(contextTenant), KeyID: text(contextKey), User: text(contextUser),
		Application: text(contextApplication), Session: text(contextSession), Narrowed: text(contextNarrowed) != "",
	}
	for _, permission := range strings.Fields(text(contextPermissions)) {
		p.Permissions = append(p.Permissions, session.Permission(permission))
	}
	if p.Tenant == "" || (p.KeyID == "") == (p.User == "") {
		return Principal{}, errors.New("no authorizer in front: the request context names no principal")
	}
	return p, nil
}
