package stencil

import (
	"context"
	"strconv"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const (
	defaultLimit = 50
	maxLimit     = 100
)

// RetrieveByUser is GET /jwt/refresh?userId=: a user's live tokens, newest first.
func RetrieveByUser(shell api.Shell, lister session.Lister) api.Handler {
	return shell.Serve(api.RetrieveByUser, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		given, err := members(r.QueryMembers())
		in, inErr := api.ReadInput(given, keyUserID, keyApplicationID, keyLimit, keyCursor)
		p, denied := r.Permitted(in[keyUserID])
		if denied != nil {
			return api.Answer{}, denied
		}
		if !api.Mentions(given, keyUserID) && err == nil {
			err = api.FieldFault(keyUserID, "missing", "is required")
		}
		req, listErr := readList(p.Tenant, in)
		if err := api.JoinFaults(r.NoOverride(), err, inErr, listErr, r.NoBody()); err != nil {
			return api.Answer{}, err
		}
		return retrieveByUser(ctx, lister, req, p, "")
	})
}

// readList checks the values that are there.
func readList(tenant string, in api.Input) (session.ListRequest, error) {
	req := session.ListRequest{Tenant: tenant, User: in[keyUserID], Application: in[keyApplicationID]}
	var bad api.Faults
	bad.CheckIDs(in, keyUserID, keyApplicationID)
	err := readPage(&req, in)
	return req, api.JoinFaults(bad.Err(), err)
}

// readPage reads limit and cursor of a list.
func readPage(req *session.ListRequest, in api.Input) error {
	var bad api.Faults
	req.Limit = defaultLimit
	if limit, given := in[keyLimit]; given {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxLimit || strconv.Itoa(n) != limit {
			bad.Add(keyLimit, "outOfRange", "must be a whole number from 1 to 100")
		}
		req.Limit = n
	}
	if text, given := in[keyCursor]; given {
		from, ok := parseCursor(text, *req)
		if !ok {
			bad.Add(keyCursor, "invalid", "is not the nextCursor of this list")
		}
		req.From = &from
	}
	return bad.Err()
}

// retrieveByUser lists; hint goes into the answer where it is not "".
func retrieveByUser(ctx context.Context, lister session.Lister, req session.ListRequest, p authorizer.Principal, hint string,
) (api.Answer, error) {
	page, next, err := lister.List(ctx, req)
	if err != nil {
		return api.Answer{}, err
	}
	resources := make([]resource, len(page))
	for i, s := range page {
		resources[i] = newResource(s, p)
	}
	body := envelope{Success: true, Message: "Tokens retrieved.", Data: resources, Hint: hint}
	if next != nil {
		body.NextCursor = newCursor(*next, req)
	}
	return api.Answer{Body: body}, nil
}
