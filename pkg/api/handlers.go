package api

import "github.com/stencil-auth/refresh-tokens/pkg/keys"

// Handlers are all operations with a route, by name, for a process that serves them together.
func Handlers(c Core, public *keys.Ring[keys.PublicSet]) map[string]Handler {
	return map[string]Handler{
		opIssue:                      Issue(c),
		opRefresh:                    Refresh(c),
		opRetrieveByID:               RetrieveByID(c),
		opRetrieveByUser:             RetrieveByUser(c),
		opDeleteByID:                 DeleteByID(c),
		opDeleteByString:             DeleteByString(c),
		opDeleteByUser:               DeleteByUser(c),
		opDeleteByApplication:        DeleteByApplication(c),
		opDeleteByUserAndApplication: DeleteByUserAndApplication(c),
		opDocumentedForms:            DocumentedForms(c),
		opJwks:                       Jwks(c, public),
		opUserRefreshToken:           UserRefreshToken(c),
		opAuthenticateRefresh:        AuthenticateRefresh(c),
		opOauthToken:                 OauthToken(c),
		opOauthRevoke:                OauthRevoke(c),
		opOauthIntrospect:            OauthIntrospect(c),
		opOauthMetadata:              OauthMetadata(c),
	}
}
