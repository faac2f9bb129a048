package stencil

import (
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// collection tells the forms of POST /jwt/refresh apart; a refresh has nothing to run for a principal. A set of keys with two documented meanings gets
// the one that destroys nothing; a set that is not in the table gets none.
func (f Forms) collection(r *api.Request) (form, error) {
	deleting, err := r.Override()
	if err != nil {
		return form{}, err
	}
	if deleting {
		return f.deleteBody(r)
	}
	given, err := members(r.Members())
	if err != nil {
		return form{}, err
	}
	given, cookies, wrong := takeCookies(given)
	in, err := api.ReadInput(given, api.KeyRefreshToken, keyToken, keyAccessToken, keyID, keyUserID, keyApplicationID,
		keyTokenID, keyTokenString, keyOperation, keyCookies, keyReason, keyExcept, keyKept)
	if err := api.JoinFaults(r.NoQuery(), wrong, err); err != nil {
		return form{}, err
	}
	resolved, err := f.ofCollection(in)
	if err == nil {
		err = resolved.onlyEndings()
	}
	if err == nil && cookies && resolved.op != api.Refresh {
		err = api.FieldFault(keyCookies, "conflict", "goes with a refresh only")
	}
	if cookies {
		in[keyCookies] = "true"
	}
	return resolved, err
}

// takeCookies takes the one key that is no string out of the members.
func takeCookies(given []api.Member) (rest []api.Member, cookies bool, err error) {
	for _, m := range given {
		switch {
		case m.Name != keyCookies:
			rest = append(rest, m)
		case string(m.Value) == "true":
			cookies = true
		default:
			err = api.FieldFault(keyCookies, "invalid", "can only be true")
		}
	}
	return rest, cookies, err
}

// ofCollection tells the forms apart by their keys.
func (f Forms) ofCollection(in api.Input) (form, error) {
	switch selectors(in).Keys() {
	case "", keyToken, keyAccessToken, "accessToken token",
		api.KeyRefreshToken, "refreshToken token", "accessToken refreshToken", "accessToken refreshToken token":
		return form{op: api.Refresh, in: in}, nil
	case keyID:
		return f.retrieveByID(in, in[keyID]), nil
	case keyUserID:
		return f.retrieveByUser(in), nil
	case "operation userId":
		if in[keyOperation] != "delete" {
			return form{}, api.FieldFault(keyOperation, "invalid", "can only be delete")
		}
		return f.deleteByUser(api.DeleteByUser, in), nil
	case "applicationId userId":
		return f.deleteByUser(api.DeleteByUserAndApplication, in), nil
	case keyTokenID:
		return f.deleteByID(in, in[keyTokenID]), nil
	case keyTokenString:
		return f.deleteByString(in), nil
	case keyApplicationID:
		return form{}, api.FieldFault(keyApplicationID, "ambiguous", "alone is not enough on POST /jwt/refresh; to delete by "+
			"application use DELETE /jwt/applications/{applicationId}/refresh, DELETE /jwt/refresh with applicationId, or "+
			"POST /jwt/refresh/{tokenId} with applicationsId")
	}
	return form{}, unlisted(in)
}

// item tells the forms of POST /jwt/refresh/{tokenId} apart.
func (f Forms) item(r *api.Request) (form, error) {
	deleting, err := r.Override()
	if err != nil {
		return form{}, err
	}
	id, idErr := r.PathValue(keyTokenID)
	given, err := members(r.Members())
	if err != nil {
		return form{}, err
	}
	recognised := []string{keyApplicationID, keyReason}
	if deleting {
		recognised = recognised[1:]
	}
	in, err := api.ReadInput(given, recognised...)
	if err := api.JoinFaults(idErr, r.NoQuery(), err); err != nil {
		return form{}, err
	}
	resolved := f.deleteByAnchor(in, id)
	switch {
	case deleting:
		resolved = f.deleteByID(in, id)
	case len(selectors(in)) == 0:
		resolved = f.retrieveByID(in, id)
	}
	return resolved, resolved.onlyEndings()
}

// delete tells the forms of DELETE /jwt/refresh apart, which has its keys in the body or in the query.
func (f Forms) delete(r *api.Request) (form, error) {
	query, err := members(r.QueryMembers())
	if err != nil {
		return form{}, err
	}
	if err := r.NoOverride(); err != nil {
		return form{}, err
	}
	if len(query) == 0 {
		return f.deleteBody(r)
	}
	body, err := members(r.Members())
	if err != nil {
		return form{}, err
	}
	if len(body) > 0 {
		return form{}, api.FieldFault(body[0].Spelled, "conflict", "is in the body while other keys are in the query; use one of the two")
	}
	return f.deletion(query)
}

// deleteBody is a DELETE /jwt/refresh with everything in the body, as when POST was overridden.
func (f Forms) deleteBody(r *api.Request) (form, error) {
	given, err := members(r.Members())
	if err != nil {
		return form{}, err
	}
	resolved, err := f.deletion(given)
	return resolved, api.JoinFaults(r.NoQuery(), err)
}

func (f Forms) deletion(given []api.Member) (form, error) {
	in, err := api.ReadInput(given, keyUserID, keyApplicationID, keyTokenID, keyToken, keyTokenString,
		keyReason, keyExcept, keyKept)
	if err != nil {
		return form{}, err
	}
	resolved, err := f.ofDeletion(in)
	if err == nil {
		err = resolved.onlyEndings()
	}
	return resolved, err
}

// ofDeletion tells the forms of DELETE apart by their keys.
func (f Forms) ofDeletion(in api.Input) (form, error) {
	switch selectors(in).Keys() {
	case keyUserID:
		return f.deleteByUser(api.DeleteByUser, in), nil
	case keyApplicationID:
		return f.deleteByApplication(in), nil
	case "applicationId userId":
		return f.deleteByUser(api.DeleteByUserAndApplication, in), nil
	case keyTokenID:
		return f.deleteByID(in, in[keyTokenID]), nil
	case keyToken, keyTokenString:
		return f.deleteByString(in), nil
	case "":
		return form{}, api.FieldFault(keyUserID, "missing", "or applicationId, both of them, tokenId or token is required")
	}
	return form{}, unlisted(in)
}

// unlisted refuses a set of keys that no document prints, naming each of them.
func unlisted(in api.Input) error {
	var bad api.Faults
	for _, name := range strings.Fields(in.Keys()) {
		bad.Add(name, "conflict", "does not go with the other keys")
	}
	return bad.Err()
}
