package storetest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func historyCases() []contractCase {
	return []contractCase{
		{"Entries returns what Record wrote, newest first, in pages", entriesInPages},
		{"Entries of a user are neither another user's nor the tenant's", entriesApart},
		{"Record of the same id writes once", recordOnce},
		{"Entries and sessions of one user do not meet", entriesBesideSessions},
	}
}

// NewEntry makes an entry of now without empty fields.
func NewEntry(tenant, user string) session.Entry {
	return session.Entry{
		ID: NewID(), Tenant: tenant, User: user, Event: session.EventDeleted, Sessions: []token.ID{NewID(), NewID()}, Count: 77,
		Application: "web#ä", Epoch: 3, Changed: json.RawMessage(`{"name":"<b> ä","overlapSeconds":60}`), APIKey: "k",
		Cause: session.Cause{By: "key:k", Reason: "admin", IP: "2001:db8::1", RequestID: "r-1"},
	}
}

// entries collects the pages of a query and checks each.
func (f fixture) entries(q session.EntryQuery) (all []session.Entry) {
	f.Helper()
	for {
		page, more, err := f.Entries(f.Context(), q)
		f.must(err)
		if len(page) > q.Limit || more && len(page) == 0 {
			f.Fatalf("got a page of %d, more %v, want at most %d", len(page), more, q.Limit)
		}
		if all = append(all, page...); !more {
			return all
		}
		q.Before = page[len(page)-1].ID
	}
}

func entriesInPages(f fixture) {
	var want []session.Entry
	for i := range 7 {
		e := NewEntry(f.tenant, "user")
		e.ID, _ = token.NewID(time.Now().Add(time.Duration(i)*time.Second), byteReader{seeded(uint64(i))})
		if i == 3 {
			e = session.Entry{ID: e.ID, Tenant: f.tenant, User: "user", Event: session.EventIssued}
		}
		f.Record(f.Context(), e)
		want = append(want, e)
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 3, 7, 100} {
		f.wantSame("the entries", f.entries(session.EntryQuery{Tenant: f.tenant, User: "user", Limit: limit}), want)
	}
	got := f.entries(session.EntryQuery{Tenant: f.tenant, User: "user", Before: want[2].ID, Limit: 2})
	f.wantSame("the entries before one", got, want[3:])
}

func entriesApart(f fixture) {
	var all []session.Entry
	for _, user := range append([]string{""}, HostileIDs()...) {
		if user != "" && len(f.tenant)+len(user) > 200 {
			continue
		}
		e := NewEntry(f.tenant, user)
		f.Record(f.Context(), e)
		all = append(all, e)
	}
	f.Record(f.Context(), NewEntry(f.tenant+"x", ""))
	for _, e := range all {
		got := f.entries(session.EntryQuery{Tenant: f.tenant, User: e.User, Limit: 10})
		f.wantSame("the entries of "+e.User, got, []session.Entry{e})
	}
}

func recordOnce(f fixture) {
	first := NewEntry(f.tenant, "user")
	second := first
	second.By = "operator"
	f.Record(f.Context(), first)
	f.Record(f.Context(), second)
	f.wantSame("the entries", f.entries(session.EntryQuery{Tenant: f.tenant, User: "user", Limit: 10}), []session.Entry{first})
}

func entriesBesideSessions(f fixture) {
	app := f.register(f.tenant, "application")
	all := f.user(2, "application", "EVENT", "a")
	e, of := NewEntry(f.tenant, "user"), NewEntry(f.tenant, "")
	f.Record(f.Context(), e)
	f.Record(f.Context(), of)
	f.wantSame("the sessions", f.all(session.Query{Tenant: f.tenant, User: "user"}), all)
	f.wantSame("the user's entries", f.entries(session.EntryQuery{Tenant: f.tenant, User: "user", Limit: 10}), []session.Entry{e})
	f.wantSame("the tenant's", f.entries(session.EntryQuery{Tenant: f.tenant, Limit: 10}), []session.Entry{of})
	got, err := f.Application(f.Context(), f.tenant, "application")
	f.must(err)
	f.wantSame("the application", got, app)
}
