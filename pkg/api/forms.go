package api

import (
	"context"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
)

// form is a request whose operation has been told from its shape.
type form struct {
	op string
	in input
	// anchor is the token id in the path of a deletion by application.
	anchor string
}

// run checks the permission for the resolved operation, not for the wire verb, then the ids, then does it.
func (c Core) run(ctx context.Context, r *request, p authorizer.Principal, f form) (answer, error) {
	r.op = f.op
	if err := permit(p, f.op, f.in[keyUserID]); err != nil {
		return answer{}, err
	}
	var bad faults
	for _, id := range []string{keyID, keyTokenID, keyUserID, keyApplicationID} {
		if value, given := f.in[id]; given {
			bad.checkID(id, value)
		}
	}
	if err := bad.err(); err != nil {
		return answer{}, err
	}
	switch f.op {
	case opRetrieveByID:
		return c.retrieveByID(ctx, p, f.in[keyID]+f.in[keyTokenID])
	case opRetrieveByUser: // the guide prints this form for the deletion too
		req, err := readList(p, f.in)
		if err != nil {
			return answer{}, err
		}
		a, err := c.retrieveByUser(ctx, req)
		if err != nil {
			return answer{}, err
		}
		return hinted(a), nil
	case opDeleteByID:
		return c.deleteByID(ctx, p, f.in[keyTokenID])
	case opDeleteByString:
		return c.deleteByString(ctx, p, f.in[keyToken]+f.in[keyTokenString])
	case opDeleteByUser, opDeleteByUserAndApplication:
		return c.deleteByUser(ctx, p, f.in[keyUserID], f.in[keyApplicationID])
	case opDeleteByApplication:
		return c.deleteByApplication(ctx, p, f.in[keyApplicationID], f.anchor)
	}
	return answer{}, errOurs // not reached: forms resolve to these operations only
}

// onPath runs an operation whose canonical route carries everything in its path.
func (c Core) onPath(ctx context.Context, r *request, op string, names ...string) (answer, error) {
	p, err := r.principal()
	if err != nil {
		return answer{}, err
	}
	in, inErr := input{}, []error{r.noOverride(), r.noInput()}
	for _, name := range names {
		value, err := r.pathValue(name)
		inErr = append(inErr, err)
		if err == nil {
			in[name] = value
		}
	}
	if err := permit(p, op, in[keyUserID]); err != nil {
		return answer{}, err
	}
	if err := joinFaults(inErr...); err != nil {
		return answer{}, err
	}
	return c.run(ctx, r, p, form{op: op, in: in})
}

// collectionKeys are the keys that POST /jwt/refresh knows, in one form or another.
func collectionKeys() []string {
	return []string{
		keyRefreshToken, keyToken, keyAccessToken, keyID, keyUserID, keyApplicationID, keyTokenID, keyTokenString, keyOperation,
	}
}

// resolveCollection tells the forms of POST /jwt/refresh apart. A set of keys with two documented meanings gets
// the one that destroys nothing; a set that is not in the table gets none.
func resolveCollection(r *request) (form, error) {
	deleting, err := r.override()
	if err != nil {
		return form{}, err
	}
	if deleting {
		return resolveDeleteBody(r)
	}
	members, err := r.members()
	if err != nil {
		return form{}, err
	}
	in, err := readInput(members, collectionKeys()...)
	if err := joinFaults(r.noQuery(), err); err != nil {
		return form{}, err
	}
	switch in.keys() {
	case "", keyToken, keyAccessToken, "accessToken token",
		keyRefreshToken, "refreshToken token", "accessToken refreshToken", "accessToken refreshToken token":
		return form{op: opRefresh, in: in}, nil
	case keyID:
		return form{op: opRetrieveByID, in: in}, nil
	case keyUserID:
		return form{op: opRetrieveByUser, in: in}, nil
	case "operation userId":
		if in[keyOperation] != "delete" {
			return form{}, fieldFault(keyOperation, "invalid", "can only be delete")
		}
		return form{op: opDeleteByUser, in: in}, nil
	case "applicationId userId":
		return form{op: opDeleteByUserAndApplication, in: in}, nil
	case keyTokenID:
		return form{op: opDeleteByID, in: in}, nil
	case keyTokenString:
		return form{op: opDeleteByString, in: in}, nil
	case keyApplicationID:
		return form{}, fieldFault(keyApplicationID, "ambiguous", "alone is not enough on POST /jwt/refresh; to delete by "+
			"application use DELETE /jwt/applications/{applicationId}/refresh, DELETE /jwt/refresh with applicationId, or "+
			"POST /jwt/refresh/{tokenId} with applicationsId")
	}
	return form{}, unlisted(in)
}

// resolveItem tells the forms of POST /jwt/refresh/{tokenId} apart.
func resolveItem(r *request) (form, error) {
	deleting, err := r.override()
	if err != nil {
		return form{}, err
	}
	id, idErr := r.pathValue(keyTokenID)
	members, err := r.members()
	if err != nil {
		return form{}, err
	}
	recognised := []string{keyApplicationID}
	if deleting {
		recognised = nil
	}
	in, err := readInput(members, recognised...)
	if err := joinFaults(idErr, r.noQuery(), err); err != nil {
		return form{}, err
	}
	switch {
	case deleting:
		return form{op: opDeleteByID, in: input{keyTokenID: id}}, nil
	case len(in) == 0:
		return form{op: opRetrieveByID, in: input{keyTokenID: id}}, nil
	default:
		return form{op: opDeleteByApplication, in: in, anchor: id}, nil
	}
}

// resolveDelete tells the forms of DELETE /jwt/refresh apart, which has its keys in the body or in the query.
func resolveDelete(r *request) (form, error) {
	query, err := r.queryMembers()
	if err != nil {
		return form{}, err
	}
	if err := r.noOverride(); err != nil {
		return form{}, err
	}
	if len(query) == 0 {
		return resolveDeleteBody(r)
	}
	body, err := r.members()
	if err != nil {
		return form{}, err
	}
	if len(body) > 0 {
		return form{}, fieldFault(body[0].name, "conflict", "is in the body while other keys are in the query; use one of the two")
	}
	return resolveDeletion(query)
}

// resolveDeleteBody is a DELETE /jwt/refresh with everything in the body, as when POST was overridden.
func resolveDeleteBody(r *request) (form, error) {
	members, err := r.members()
	if err != nil {
		return form{}, err
	}
	f, err := resolveDeletion(members)
	return f, joinFaults(r.noQuery(), err)
}

func resolveDeletion(members []member) (form, error) {
	in, err := readInput(members, keyUserID, keyApplicationID, keyTokenID, keyToken, keyTokenString)
	if err != nil {
		return form{}, err
	}
	switch in.keys() {
	case keyUserID:
		return form{op: opDeleteByUser, in: in}, nil
	case keyApplicationID:
		return form{op: opDeleteByApplication, in: in}, nil
	case "applicationId userId":
		return form{op: opDeleteByUserAndApplication, in: in}, nil
	case keyTokenID:
		return form{op: opDeleteByID, in: in}, nil
	case keyToken, keyTokenString:
		return form{op: opDeleteByString, in: in}, nil
	case "":
		return form{}, fieldFault(keyUserID, "missing", "or applicationId, both of them, tokenId or token is required")
	}
	return form{}, unlisted(in)
}

// unlisted refuses a set of keys that no document prints, naming each of them.
func unlisted(in input) error {
	var bad faults
	for _, name := range strings.Fields(in.keys()) {
		bad.add(name, "conflict", "does not go with the other keys")
	}
	return bad.err()
}
