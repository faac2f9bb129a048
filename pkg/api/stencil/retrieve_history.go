package stencil

import (
	"context"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RetrieveHistory is GET /jwt/users/{userId}/history: who ended what of a user, when and why, newest first.
func RetrieveHistory(shell api.Shell, historian session.Historian) api.Handler {
	return shell.Serve(api.RetrieveHistory, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		user, fault := r.PathValue(keyUserID)
		p, err := r.Permitted(user)
		if err != nil {
			return api.Answer{}, err
		}
		given, queryErr := r.QueryMembers()
		in, inErr := api.ReadInput(given, keyLimit, keyCursor)
		// No application has this id, so a list refuses a cursor of the history.
		list := session.ListRequest{Tenant: p.Tenant, User: user, Application: "\x00history"}
		pageErr := readPage(&list, in)
		if err := api.JoinFaults(r.NoOverride(), fault, queryErr, inErr, pageErr, r.NoBody()); err != nil {
			return api.Answer{}, err
		}
		req := session.HistoryRequest{Tenant: p.Tenant, User: user, Limit: list.Limit}
		if list.From != nil {
			req.Before = list.From.Ceiling
		}
		page, next, err := historian.History(ctx, req)
		if err != nil {
			return api.Answer{}, err
		}
		entries := make([]historyEntry, len(page))
		for i, e := range page {
			entries[i] = newHistoryEntry(e, p.IsUser())
		}
		body := envelope{Success: true, Message: "History retrieved.", Data: entries}
		if (next != token.ID{}) {
			body.NextCursor = newCursor(session.Position{Ceiling: next}, list)
		}
		return api.Answer{Body: body}, nil
	})
}

// historyEntry is an entry as it is shown.
type historyEntry struct {
	ID            string        `json:"id"`
	At            string        `json:"at"`
	Event         session.Event `json:"event"`
	TokenIDs      []token.ID    `json:"tokenIds"`
	Count         *int          `json:"count"`
	ApplicationID *string       `json:"applicationId"`
	Reason        *string       `json:"reason"`
	By            *string       `json:"by"`
	IP            *string       `json:"ip"`
	RequestID     *string       `json:"requestId"`
}

// newHistoryEntry shows a user neither the ids of keys nor the addresses of operators.
func newHistoryEntry(e session.Entry, toUser bool) historyEntry {
	byKey := strings.HasPrefix(e.By, "key:")
	if toUser && (byKey || e.By == session.ByOperator) {
		e.IP = "" // of an operator or of a backend
	}
	if toUser && byKey {
		e.By = "key"
	}
	h := historyEntry{
		ID: e.ID.String(), At: timestamp(e.ID.Time()), Event: e.Event, TokenIDs: append([]token.ID{}, e.Sessions...), Count: &e.Count,
		ApplicationID: given(e.Application), Reason: given(e.Reason), By: given(e.By), IP: given(e.IP), RequestID: given(e.RequestID),
	}
	if e.User == "" { // the ending of an application or of the tenant
		h.Event, h.Count = session.EventDeleted, nil
	}
	return h
}

// given is nil for "".
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
