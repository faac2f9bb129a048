package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const (
	defaultLimit = 50
	maxLimit     = 100
)

// RetrieveByUser is GET /jwt/refresh?userId=: a user's live tokens, newest first.
func RetrieveByUser(c Core) Handler {
	return c.serve(opRetrieveByUser, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		p, err := r.principal()
		if err != nil {
			return answer{}, err
		}
		members, err := r.queryMembers()
		in, inErr := readInput(members, keyUserID, keyApplicationID, keyLimit, keyCursor)
		if denied := permit(p, opRetrieveByUser, in[keyUserID]); denied != nil {
			return answer{}, denied
		}
		if !mentions(members, keyUserID) && err == nil {
			err = fieldFault(keyUserID, "missing", "is required")
		}
		req, listErr := readList(p, in)
		if err := joinFaults(r.noOverride(), err, inErr, listErr, r.noBody()); err != nil {
			return answer{}, err
		}
		return c.retrieveByUser(ctx, req)
	})
}

// readList checks the values that are there.
func readList(p authorizer.Principal, in input) (session.ListRequest, error) {
	req := session.ListRequest{
		Tenant: p.Tenant, User: in[keyUserID], Application: in[keyApplicationID], Limit: defaultLimit,
	}
	var bad faults
	for _, id := range []string{keyUserID, keyApplicationID} {
		if value, given := in[id]; given {
			bad.checkID(id, value)
		}
	}
	if limit, given := in[keyLimit]; given {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxLimit || strconv.Itoa(n) != limit {
			bad.add(keyLimit, "outOfRange", "must be a whole number from 1 to 100")
		}
		req.Limit = n
	}
	if text, given := in[keyCursor]; given {
		before, ok := parseCursor(text, req)
		if !ok {
			bad.add(keyCursor, "invalid", "is not the nextCursor of this list")
		}
		req.Before = &before
	}
	return req, bad.err()
}

func (c Core) retrieveByUser(ctx context.Context, req session.ListRequest) (answer, error) {
	page, more, err := c.Sessions.List(ctx, req)
	if err != nil {
		return answer{}, err
	}
	resources := make([]resource, len(page))
	for i, s := range page {
		resources[i] = newResource(s)
	}
	a := answer{message: "Tokens retrieved.", data: resources}
	if more {
		a.nextCursor = newCursor(page[len(page)-1].ID, req)
	}
	return a, nil
}

// hinted marks an answer to the one request that the guide prints for two operations.
func hinted(a answer) answer {
	a.header = http.Header{headerOperation: {opRetrieveByUser}}
	a.hint = `These are the user's tokens; nothing was deleted. To delete them, add "operation":"delete" to the body, ` +
		"or send DELETE /jwt/users/{userId}/refresh."
	return a
}
