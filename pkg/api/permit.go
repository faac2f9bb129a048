package api

import (
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The operations that have a route, by their names in functions/, events/ and the logs.
const (
	opIssue                      = "issue"
	opRefresh                    = "refresh"
	opRetrieveByID               = "retrieve-by-id"
	opRetrieveByUser             = "retrieve-by-user"
	opDeleteByID                 = "delete-by-id"
	opDeleteByString             = "delete-by-string"
	opDeleteByUser               = "delete-by-user"
	opDeleteByApplication        = "delete-by-application"
	opDeleteByUserAndApplication = "delete-by-user-and-application"
	opDocumentedForms            = "documented-forms"
	opJwks                       = "jwks"
	opUserRefreshToken           = "user-refresh-token"
	opAuthenticateRefresh        = "authenticate-refresh"
	opOauthToken                 = "oauth-token" //nolint:gosec // an operation, not a credential
	opOauthRevoke                = "oauth-revoke"
	opOauthIntrospect            = "oauth-introspect"
	opOauthMetadata              = "oauth-metadata"
)

// permit says whether a principal may run an operation at all, before anything is looked up, so that existence
// is never told to the unauthorised. An API key needs the operation's permission. A user may run what is about
// single tokens, since only their own will exist for them, and what is about a user, if that is themselves.
// User is "" where the operation names none, or none that can be read.
func permit(p authorizer.Principal, op, user string) error {
	var needs session.Permission
	forUsers := true
	switch op {
	case opIssue:
		needs, forUsers = session.MayIssue, false
	case opRetrieveByID, opRetrieveByUser:
		needs = session.MayRead
	case opOauthIntrospect:
		needs, forUsers = session.MayRead, false
	case opDeleteByID, opDeleteByString, opDeleteByUser, opDeleteByUserAndApplication:
		needs = session.MayRevoke
	case opDeleteByApplication:
		needs, forUsers = session.MayRevoke, false
	default:
		return errForbidden
	}
	allowed := p.Has(needs)
	if p.IsUser() {
		allowed = forUsers && (user == "" || user == p.User)
	}
	if !allowed {
		return errForbidden
	}
	return nil
}
