package proof

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// fleet is a set of functions over one table, each with its own number of epoch copies. A rollout of a setting leads to
// this, and so does an old function that still runs.
type fleet struct {
	*metered

	functions map[int]*service
}

func newFleet(t *testing.T, copies ...int) *fleet {
	t.Helper()
	f := &fleet{metered: newMetered(t), functions: map[int]*service{}}
	for _, n := range copies {
		store := *f.store
		store.EpochCopies = n
		f.functions[n] = newService(f.keys, &store, f.Now, rand.Reader)
	}
	return f
}

// through makes the coming operations run in the function with so many copies.
func (f *fleet) through(copies int) *dynamo.Store {
	f.service = f.functions[copies]
	return f.Store.(*dynamo.Store)
}

const manyUsers = 32

// issueAll issues a session to each of many users.
func (f *fleet) issueAll() []session.Grant {
	f.Helper()
	grants := make([]session.Grant, manyUsers)
	for n := range grants {
		grants[n] = f.issue(fmt.Sprint("user-", n), "web")
	}
	return grants
}

// wantAll wants all grants live, or all ended, from each read of each function. It refreshes the live ones.
func (f *fleet) wantAll(when string, live bool, grants []session.Grant) {
	f.Helper()
	for copies, function := range f.functions {
		f.through(copies)
		for n, g := range grants {
			_, err := function.Live(f.Context(), g.Session.Key)
			if lives := err == nil; lives != live || err != nil && !errors.Is(err, session.ErrNoSession) {
				f.Fatalf("%s, %d copies, user %d: Live: got %v, want live %v", when, copies, n, err, live)
			}
			renewed, err := f.refresh(g)
			if lives := err == nil; lives != live || err != nil && !errors.Is(err, session.ErrRefused) {
				f.Fatalf("%s, %d copies, user %d: Refresh: got %v, want live %v", when, copies, n, err, live)
			}
			if live {
				grants[n] = renewed
			}
		}
	}
}

func (f *fleet) deleteAll() {
	f.Helper()
	if _, err := f.DeleteByApplication(f.Context(), f.tenant, "web"); err != nil {
		f.Fatal(err)
	}
}

// Law 5 with copies of the epoch: a deletion by application ends the sessions issued before it, for each copy and each
// function. It keeps the sessions issued after it, and no later setting brings an ended one back.
func TestADeletionByApplicationReachesTheUsersOfEveryCopy(t *testing.T) {
	f := newFleet(t, 1, 2, 4)
	register(t, f.through(4), f.tenant, "web", nil)
	for _, c := range []struct {
		when    string
		deletes int // copies of the function that deletes
	}{
		{"the copies that are configured", 4},
		{"an old function that knows of no copies", 1},
		{"a function of a lower setting", 2},
		{"the setting is raised again", 4},
	} {
		f.through(4)
		before := f.issueAll()
		f.wantAll(c.when+", before", true, before)
		f.through(c.deletes)
		f.deleteAll()
		after := f.issueAll()
		f.wantAll(c.when+", deleted", false, before)
		f.wantAll(c.when+", issued since", true, after)
		f.deleteAll()
	}
	f.through(1)
	kept := f.issueAll()
	register(t, f.through(2), f.tenant, "web", nil) // an application put by another setting
	f.wantAll("put by a lower setting", true, kept)
}

func TestCopiesThatDoNotExistYetChangeNoAnswer(t *testing.T) {
	f := newFleet(t, 1, 4)
	f.through(4)
	before := f.issueAll()
	f.wantAll("no copies as yet", true, before)
	f.through(1)
	f.deleteAll()
	f.wantAll("deleted", false, before)
	f.through(4)
	after := f.issueAll()
	register(t, f.through(4), f.tenant, "web", nil)
	f.wantAll("copies made", true, after)
	f.wantAll("copies made, deleted long ago", false, before)
}

// Floors 8 and 13.
func TestCopiesCostARefreshNothingAndADeletionOneRequest(t *testing.T) {
	for copies, want := range map[int]map[string]string{
		1: {"refresh": "[GetItem:1 UpdateItem:1]", "delete": "[GetItem:1 PutItem:1 UpdateItem:1]"},
		4: {"refresh": "[GetItem:1 UpdateItem:1]", "delete": "[GetItem:1 PutItem:1 TransactWriteItems:1 UpdateItem:1]"},
	} {
		f := newFleet(t, copies)
		register(t, f.through(copies), f.tenant, "web", nil)
		for n, g := range f.issueAll() {
			f.transport.Reset()
			if _, err := f.refresh(g); err != nil {
				t.Fatal(err)
			}
			if got := f.cost().requests; got != want["refresh"] {
				t.Errorf("%d copies, user %d: a refresh costs %s, want %s", copies, n, got, want["refresh"])
			}
		}
		f.transport.Reset()
		f.deleteAll()
		if got := f.cost().requests; got != want["delete"] {
			t.Errorf("%d copies: a deletion costs %s, want %s", copies, got, want["delete"])
		}
	}
}
