package api

import (
	"fmt"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Operation is the one word for an operation: its folder under functions/, its events, its file and its log lines.
type Operation string

// The operations with a route.
const (
	Issue                      Operation = "issue"
	Refresh                    Operation = "refresh"
	RetrieveByID               Operation = "retrieve-by-id"
	RetrieveByUser             Operation = "retrieve-by-user"
	RetrieveHistory            Operation = "retrieve-history"
	UpdateByID                 Operation = "update-by-id"
	UpdateByUser               Operation = "update-by-user"
	DeleteByID                 Operation = "delete-by-id"
	DeleteByString             Operation = "delete-by-string"
	DeleteByUser               Operation = "delete-by-user"
	DeleteByApplication        Operation = "delete-by-application"
	DeleteByUserAndApplication Operation = "delete-by-user-and-application"
	Logout                     Operation = "logout"
	DocumentedForms            Operation = "documented-forms"
	Jwks                       Operation = "jwks"
	UserRefreshToken           Operation = "user-refresh-token"
	AuthenticateRefresh        Operation = "authenticate-refresh"
	OauthToken                 Operation = "oauth-token" //nolint:gosec // an operation, not a credential
	OauthRevoke                Operation = "oauth-revoke"
	OauthIntrospect            Operation = "oauth-introspect"
	OauthMetadata              Operation = "oauth-metadata"
	Preflight                  Operation = "preflight"
)

// The operations without one.
const (
	Authorizer           Operation = "authorizer"
	AuthorizeResource    Operation = "authorize-resource"
	PutApplication       Operation = "put-application"
	RetrieveApplications Operation = "retrieve-applications"
	DeleteApplication    Operation = "delete-application"
	DeleteByTenant       Operation = "delete-by-tenant"
	CreateAPIKey         Operation = "create-api-key"
	RotateAPIKey         Operation = "rotate-api-key" //nolint:gosec // a name, not a credential
	ListAPIKeys          Operation = "list-api-keys"  //nolint:gosec // likewise
	DeleteAPIKey         Operation = "delete-api-key"
	ImportSessions       Operation = "import-sessions"
	RotateSigningKeys    Operation = "rotate-signing-keys"
	RotateTokenKeys      Operation = "rotate-token-keys"
	Audit                Operation = "audit"
)

// Who may run an operation.
type Who int

// The strictest comes first.
const (
	AWS         Who = iota // API Gateway, Secrets Manager or the table's stream
	Operators              // with IAM
	Keys                   // API keys with the operation's permission
	KeysAndUser            // and a user, for own tokens
	Holders                // of the token that the request carries
	Everybody
)

// Rule says who may run an operation.
type Rule struct {
	Operation Operation
	Who       Who
	Needs     session.Permission // of an API key
}

// Rules is the one table of operations, with one row for each function. A documented form is judged by the row of the
// operation that it resolves to.
func Rules() []Rule {
	return []Rule{
		{Issue, Keys, session.MayIssue},
		{Refresh, Holders, ""},
		{RetrieveByID, KeysAndUser, session.MayRead},
		{RetrieveByUser, KeysAndUser, session.MayRead},
		{RetrieveHistory, KeysAndUser, session.MayRead},
		{UpdateByID, KeysAndUser, session.MayUpdate},
		{UpdateByUser, Keys, session.MayUpdate},
		{DeleteByID, KeysAndUser, session.MayRevoke},
		{DeleteByString, KeysAndUser, session.MayRevoke},
		{DeleteByUser, KeysAndUser, session.MayRevoke},
		{DeleteByApplication, Keys, session.MayRevokeAll},
		{DeleteByUserAndApplication, KeysAndUser, session.MayRevoke},
		{Logout, Holders, ""},
		{DocumentedForms, KeysAndUser, ""},
		{Jwks, Everybody, ""},
		{UserRefreshToken, Holders, ""},
		{AuthenticateRefresh, Holders, ""},
		{OauthToken, Holders, ""},
		{OauthRevoke, Holders, ""},
		{OauthIntrospect, Keys, session.MayIntrospect},
		{OauthMetadata, Everybody, ""},
		{Preflight, Everybody, ""},
		{Authorizer, AWS, ""},
		{AuthorizeResource, AWS, ""},
		{PutApplication, Operators, ""},
		{RetrieveApplications, Operators, ""},
		{DeleteApplication, Operators, ""},
		{DeleteByTenant, Operators, ""},
		{CreateAPIKey, Operators, ""},
		{RotateAPIKey, Operators, ""},
		{ListAPIKeys, Operators, ""},
		{DeleteAPIKey, Operators, ""},
		{ImportSessions, Operators, ""},
		{RotateSigningKeys, AWS, ""},
		{RotateTokenKeys, AWS, ""},
		{Audit, AWS, ""},
	}
}

// Permit says whether a principal may run an operation, before anything is looked up: existence is not told to the
// unauthorised. User is the user that the request names, "" for none: a user may run what concerns single tokens, since
// only own ones exist for a user. Its errors are of KindForbidden and name the permission.
func Permit(p authorizer.Principal, op Operation, user string) error {
	for _, rule := range Rules() {
		if rule.Operation == op && rule.Needs != "" {
			return rule.permit(p, user)
		}
	}
	return Forbidden("This credential may not do this.")
}

func (r Rule) permit(p authorizer.Principal, user string) error {
	switch {
	case !p.IsUser() && p.Has(r.Needs):
		return nil
	case !p.IsUser():
		return Forbidden(fmt.Sprintf("This API key lacks the permission %s.", r.Needs))
	case r.Who != KeysAndUser:
		return Forbidden(fmt.Sprintf("This takes an API key with the permission %s. An access token may not do it.", r.Needs))
	case p.Narrowed:
		return Forbidden("An access token of smaller scope or audience than its session's manages no session. Use the whole one.")
	case user != "" && user != p.User:
		return Forbidden(fmt.Sprintf("An access token reaches the tokens of its own user. Those of others take an API key "+
			"with the permission %s.", r.Needs))
	}
	return nil
}

// Forbidden is the error of a good credential that may not do this; the message names what it lacks.
func Forbidden(message string) error {
	return NewError(KindForbidden, http.StatusForbidden, message)
}

// Permitted is the principal, if it may run the request's operation. Errors: ErrUnauthenticated, those of Permit.
func (r *Request) Permitted(user string) (authorizer.Principal, error) {
	p, err := r.Principal()
	if err != nil {
		return p, err
	}
	return p, Permit(p, r.Operation, user)
}
