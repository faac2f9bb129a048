package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// HistoryRequest selects entries of one user, newest first.
type HistoryRequest struct {
	Tenant string
	User   string
	Before token.ID // only entries below this id; zero for the first page
	Limit  int
}

// HistoryStore is what Historian needs of Store.
type HistoryStore interface {
	Entries(ctx context.Context, q EntryQuery) (entries []Entry, more bool, err error)
}

// Historian reads the history of users.
type Historian struct {
	store HistoryStore
	clock clock
}

// NewHistorian reads the history in a store.
func NewHistorian(store HistoryStore, now func() time.Time) Historian { return Historian{store, now} }

// History reads up to Limit entries, newest first, and where the next page starts; zero on the last one. It has the
// user's own entries and, with User "" in them, the endings of the tenant and of the applications that an earlier entry
// of the user names. It makes at most maxReads requests to the store; where they do not suffice the page is shorter.
// Errors: ErrUnavailable.
func (h Historian) History(ctx context.Context, req HistoryRequest) (page []Entry, next token.ID, err error) {
	reads := 0
	own := entries{store: h.store, q: EntryQuery{Tenant: req.Tenant, User: req.User, Before: req.Before}, reads: &reads}
	own.q.Limit = req.Limit + 1
	all := entries{store: h.store, q: EntryQuery{Tenant: req.Tenant, Before: req.Before, Limit: maxApplications}, reads: &reads}
	oldest, _ := token.NewID(h.clock.now().Add(-EntryLife), bytes.NewReader(make([]byte, len(token.ID{}))))
	for last := req.Before; ; {
		e, err := newestOfBoth(ctx, &own, &all)
		switch {
		case errors.Is(err, errSpent):
			return page, last, nil
		case err != nil:
			return nil, token.ID{}, err
		case e == nil || below(e.ID, oldest): // those are removed late
			return page, token.ID{}, nil
		}
		shown := e.User != ""
		if !shown && e.isEnding() {
			shown, err = own.names(ctx, e.Application)
			switch {
			case errors.Is(err, errSpent) && last != req.Before: // the next page begins with it, and with all its reads
				return page, last, nil
			case err != nil && !errors.Is(err, errSpent):
				return nil, token.ID{}, err
			}
		}
		if shown && len(page) == req.Limit {
			return page, last, nil
		}
		if shown {
			page = append(page, *e)
		}
		last = e.ID
		if e.User != "" {
			own.read = own.read[1:]
		} else {
			all.read = all.read[1:]
		}
	}
}

// isEnding reports whether an entry of a tenant ended sessions.
func (e Entry) isEnding() bool { return e.Event == EventDeleted || e.Event == EventApplicationDeleted }

// newestOfBoth is the newer head of the two, nil where the user has no more: what is older is no ending of the user's.
func newestOfBoth(ctx context.Context, own, all *entries) (*Entry, error) {
	first, err := own.head(ctx)
	if err != nil || first == nil {
		return nil, err
	}
	other, err := all.head(ctx)
	if err != nil || other == nil || below(other.ID, first.ID) {
		return first, err
	}
	return other, nil
}

// entries reads the entries of a user or of a tenant in pages.
type entries struct {
	store HistoryStore
	q     EntryQuery
	read  []Entry
	ended bool
	reads *int
}

// head is the next entry, nil at the end. Errors: errSpent.
func (s *entries) head(ctx context.Context) (*Entry, error) {
	for len(s.read) == 0 && !s.ended {
		if err := s.more(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.read) == 0 {
		return nil, nil //nolint:nilnil // the end
	}
	return &s.read[0], nil
}

// more reads a page. Errors: errSpent.
func (s *entries) more(ctx context.Context) error {
	if *s.reads == maxReads {
		return errSpent
	}
	*s.reads++
	found, more, err := s.store.Entries(ctx, s.q)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	s.read, s.ended = append(s.read, found...), !more
	if len(found) > 0 {
		s.q.Before = found[len(found)-1].ID
	}
	s.q.Limit = maxApplications // whoever looks further looks far
	return nil
}

// names reports whether one of the entries still to come names an application; "" is any. Errors: errSpent.
func (s *entries) names(ctx context.Context, application string) (bool, error) {
	for checked := 0; ; {
		if slices.ContainsFunc(s.read[checked:], func(e Entry) bool { return application == "" || e.Application == application }) {
			return true, nil
		}
		if s.ended {
			return false, nil
		}
		checked = len(s.read)
		if err := s.more(ctx); err != nil {
			return false, err
		}
	}
}
