package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Run checks a store against the contract of session.Store. Open is called once per case; it may return a new
// store or one that is shared, even with other users.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	run(t, open, []group{
		{"Create", createCases()},
		{"Rotate", rotateCases()},
		{"RotateRaces", raceCases()},
		{"Load", loadCases()},
		{"Locate", locateCases()},
		{"Query", queryCases()},
		{"Delete", deleteCases()},
		{"DeleteBatch", deleteBatchCases()},
		{"Applications", applicationCases()},
		{"APIKeys", apiKeyCases()},
	})
}

// RunApplications checks only what the contract says of applications and of sessions that are read with them.
func RunApplications(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	run(t, open, []group{{"Load", loadCases()}, {"Applications", applicationCases()}})
}

type group struct {
	name  string
	cases []contractCase
}

func run(t *testing.T, open func(t *testing.T) session.Store, groups []group) {
	t.Helper()
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.sentence, func(t *testing.T) {
					c.check(fixture{T: t, Store: open(t), tenant: NewTenant()})
				})
			}
		})
	}
}

// contractCase checks one sentence of the contract.
type contractCase struct {
	sentence string
	check    func(fixture)
}

// fixture is a store with a tenant that nobody else uses.
type fixture struct {
	*testing.T
	session.Store

	tenant string
}

// lag is how long the index that Locate reads may take to follow.
const lag = 2 * time.Second

// endless is more sessions than any case gives to one user.
const endless = 10_000

func (f fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f fixture) wantError(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("error: got %v, want %v", err, want)
	}
}

func (f fixture) wantSame(what string, got, want any) {
	f.Helper()
	if diff := Diff(want, got); diff != "" {
		f.Fatalf("%s differs (-want +got):\n%s", what, diff)
	}
}

// create adds a session of one application, without that application.
func (f fixture) create(s session.Session) session.Session {
	f.Helper()
	f.must(f.Create(f.Context(), s))
	return s
}

// createAll adds sessions, some at once.
func (f fixture) createAll(all []session.Session) {
	f.Helper()
	inParallel(f.T, len(all), func(i int) error { return f.Create(f.Context(), all[i]) })
}

func (f fixture) register(tenant, id string) session.Application {
	f.Helper()
	app, err := f.PutApplication(f.Context(), NewApplication(tenant, id))
	if errors.Is(err, session.ErrChanged) {
		app, err = f.Application(f.Context(), tenant, id) // it is registered already
	}
	f.must(err)
	return app
}

// wantState reads a session back, by its key and among those of its user.
func (f fixture) wantState(want session.Session) {
	f.Helper()
	f.register(want.Tenant, want.Application)
	got, _, err := f.Load(f.Context(), want.Key)
	f.must(err)
	f.wantSame("the session loaded", got, want)
	for _, listed := range f.all(session.Query{Tenant: want.Tenant, User: want.User, Application: want.Application}) {
		if listed.ID == want.ID {
			f.wantSame("the session listed", listed, want)
			return
		}
	}
	f.Fatal("the session is not listed")
}

// wantGone checks every verb that could still find a session.
func (f fixture) wantGone(key session.Key) {
	f.Helper()
	f.register(key.Tenant, key.Application)
	_, _, err := f.Load(f.Context(), key)
	f.wantError(err, session.ErrNoSession)
	for _, listed := range f.all(session.Query{Tenant: key.Tenant, User: key.User}) {
		if listed.Key == key {
			f.Fatal("the session is still listed")
		}
	}
}

// all collects the pages of a query and checks what every page promises.
func (f fixture) all(q session.Query) []session.Session {
	f.Helper()
	var found []session.Session
	for {
		page, more, err := f.Query(f.Context(), q)
		f.must(err)
		if q.Limit > 0 && len(page) > q.Limit {
			f.Fatalf("a page of %d sessions for a limit of %d", len(page), q.Limit)
		}
		if found = append(found, page...); !more {
			return found
		}
		if len(page) == 0 {
			f.Fatal("a page that promises more is empty")
		}
		if len(found) > endless {
			f.Fatal("the pages have no end")
		}
		q.After = &page[len(page)-1].Key
	}
}

// eventually repeats a check of the lagging index until it holds.
func (f fixture) eventually(check func(context.Context) error) {
	f.Helper()
	deadline := time.Now().Add(lag)
	for {
		err := check(f.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			f.Fatalf("after %v: %v", lag, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
