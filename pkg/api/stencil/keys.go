package stencil

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The keys of requests, by their canonical names.
const (
	keyID            = "id"
	keyTokenID       = "tokenId"
	keyUserID        = "userId"
	keyApplicationID = "applicationId"
	keyTokenString   = "TokenString"
	keyToken         = "token"
	keyAccessToken   = "accessToken"
	keyOperation     = "operation"
	keyLimit         = "limit"
	keyCursor        = "cursor"
	keyCookies       = "cookies"
)

// members resolves the documented aliases of keys.
func members(spelled []api.Member, err error) ([]api.Member, error) {
	for i, m := range spelled {
		switch m.Name {
		case "applicationsId":
			spelled[i].Name = keyApplicationID
		case "userID", "usersId":
			spelled[i].Name = keyUserID
		case "tokenString":
			spelled[i].Name = keyTokenString
		}
	}
	return spelled, err
}

// tokenID reads a session's id; one that is not a UUID cannot exist.
func tokenID(text string) (token.ID, error) {
	id, ok := token.ParseID(text)
	if !ok {
		return id, session.ErrNoSession
	}
	return id, nil
}

// onPath checks a request whose canonical route has everything that it selects in its path. User is the user in the path,
// or "", fault is what is wrong with the path, and query lists the keys of an ending that the route knows.
func onPath(r *api.Request, user string, fault error, query ...string) (authorizer.Principal, ending, error) {
	p, err := r.Permitted(user)
	if err != nil {
		return p, ending{}, err
	}
	given, queryErr := r.QueryMembers()
	in, inErr := api.ReadInput(given, query...)
	e, endErr := readEnding(in, p)
	return p, e, api.JoinFaults(r.NoOverride(), queryErr, inErr, endErr, r.NoBody(), fault)
}

// tokenOnPath reads the route of a single token: who asks, and for which.
func tokenOnPath(r *api.Request, query ...string) (authorizer.Principal, token.ID, ending, error) {
	text, fault := r.PathValue(keyTokenID)
	p, e, err := onPath(r, "", fault, query...)
	if err != nil {
		return p, token.ID{}, e, err
	}
	id, err := tokenID(text)
	return p, id, e, err
}
