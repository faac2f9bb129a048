package storetest

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func queryCases() []contractCase {
	return []contractCase{
		{"Query reads a user's sessions in descending order of application, then id", queryOrder},
		{"Query selects one application", queryNarrow},
		{"Query pages cover every session once, whatever the limit", queryLimits},
		{"Query starts behind After, whether or not that key exists", queryAfter},
		{"Query never returns another user or tenant", queryIsolation},
		{"Query of an unknown user is one empty page", queryNothing},
		{"Query reads more than one page of the store", queryLarge},
	}
}

// user creates sessions of one user in each application, and returns them in the order of Query.
func (f fixture) user(perApplication int, applications ...string) []session.Session {
	f.Helper()
	var all []session.Session
	for _, application := range applications {
		for range perApplication {
			all = append(all, NewSession(f.tenant, "user", application))
		}
	}
	f.createAll(all)
	slices.SortFunc(all, Descending)
	return all
}

func queryOrder(f fixture) {
	want := f.user(2, HostileIDs()...)
	f.wantSame("the list", f.all(session.Query{Tenant: f.tenant, User: "user"}), want)
	f.wantSame("the list in pages", f.all(session.Query{Tenant: f.tenant, User: "user", Limit: 7}), want)
}

func queryNarrow(f fixture) {
	all := f.user(2, HostileIDs()...)
	for application := range slices.Chunk(all, 2) {
		q := session.Query{Tenant: f.tenant, User: "user", Application: application[0].Application}
		f.wantSame("the list of "+strconv.Quote(q.Application), f.all(q), application)
		q.Limit = 1
		f.wantSame("the pages of "+strconv.Quote(q.Application), f.all(q), application)
	}
	f.wantSame("the list of an unknown application",
		f.all(session.Query{Tenant: f.tenant, User: "user", Application: "unknown"}), []session.Session(nil))
}

func queryLimits(f fixture) {
	all := f.user(3, "a", "a#", "b")
	for limit := range len(all) + 2 {
		q := session.Query{Tenant: f.tenant, User: "user", Limit: limit}
		f.wantSame("limit "+strconv.Itoa(limit), f.all(q), all)
		q.Application = "a"
		f.wantSame("limit "+strconv.Itoa(limit)+" in one application", f.all(q), all[len(all)-3:])
	}
}

func queryAfter(f fixture) {
	all := f.user(3, "a", "a#", "b")
	var starts []session.Key
	for _, s := range all {
		before, behind := s.Key, s.Key
		before.ID[15]++
		behind.ID[15]--
		starts = append(starts, s.Key, before, behind)
	}
	for _, application := range []string{"A", "a", "a!", "a#", "aa", "b", "c"} {
		starts = append(starts,
			session.Key{Tenant: f.tenant, User: "user", Application: application},
			session.Key{Tenant: f.tenant, User: "user", Application: application, ID: token.ID(bytes.Repeat([]byte{0xff}, 16))})
	}
	for _, after := range starts {
		q := session.Query{Tenant: f.tenant, User: "user", After: &after, Limit: 2}
		what := "behind " + strconv.Quote(after.Application) + " " + after.ID.String()
		f.wantSame(what, f.all(q), behind(all, after, ""))
		q.Application = after.Application
		f.wantSame(what+" in its application", f.all(q), behind(all, after, after.Application))
	}
}

// behind is the expected result of Query after a key.
func behind(all []session.Session, after session.Key, application string) []session.Session {
	var rest []session.Session
	for _, s := range all {
		if Descending(s, session.Session{Key: after}) > 0 && (application == "" || s.Application == application) {
			rest = append(rest, s)
		}
	}
	return rest
}

func queryIsolation(f fixture) {
	type owner struct{ tenant, user string }
	want := map[owner][]session.Session{}
	var all []session.Session
	add := func(tenant, user string) {
		s := NewSession(tenant, user, "a")
		want[owner{tenant, user}] = append(want[owner{tenant, user}], s)
		all = append(all, s)
	}
	for _, id := range HostileIDs() {
		add(f.tenant, id)
		if len(f.tenant)+len(id) <= 128 {
			add(f.tenant+id, "a")
		}
	}
	f.createAll(all)
	for o, sessions := range want {
		slices.SortFunc(sessions, Descending)
		got := f.all(session.Query{Tenant: o.tenant, User: o.user})
		f.wantSame(strconv.Quote(o.tenant)+", "+strconv.Quote(o.user), got, sessions)
		got = f.all(session.Query{Tenant: o.tenant, User: o.user, Application: "a"})
		f.wantSame(strconv.Quote(o.tenant)+", "+strconv.Quote(o.user)+", a", got, sessions)
	}
}

func queryNothing(f fixture) {
	f.create(NewSession(f.tenant, "user", "application"))
	for _, q := range []session.Query{
		{Tenant: f.tenant, User: "nobody"},
		{Tenant: f.tenant, User: "use"},
		{Tenant: f.tenant, User: "user2", Limit: 1},
		{Tenant: f.tenant + "2", User: "user"},
		{Tenant: f.tenant, User: "user", Application: "app"},
	} {
		if page, more, err := f.Query(f.Context(), q); err != nil || more || len(page) != 0 {
			f.Fatalf("got %d sessions, more %v, %v; want none", len(page), more, err)
		}
	}
}

func queryLarge(f fixture) {
	// More than the megabyte of a page of DynamoDB, and more than a page of the embedded store.
	all := make([]session.Session, 270)
	for i := range all {
		all[i] = NewSession(f.tenant, "user", "application")
		all[i].Claims = claimsOf(4096)
	}
	f.createAll(all)
	slices.SortFunc(all, Descending)
	for _, limit := range []int{0, 100, 1000} {
		q := session.Query{Tenant: f.tenant, User: "user", Application: "application", Limit: limit}
		f.wantSame("the list", f.all(q), all)
	}
}
