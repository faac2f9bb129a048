package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Run checks a store against the contract of session.Store. Each case calls open, which may return a new store or a shared
// one.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	run(t, open, []group{
		{"Create", createCases()},
		{"Rotate", rotateCases()},
		{"RotateRaces", raceCases()},
		{"Update", updateCases()},
		{"Load", loadCases()},
		{"Locate", locateCases()},
		{"Query", queryCases()},
		{"List", listCases()},
		{"History", historyCases()},
		{"Delete", deleteCases()},
		{"DeleteBatch", deleteBatchCases()},
		{"Applications", applicationCases()},
		{"Registry", registryCases()},
		{"APIKeys", apiKeyCases()},
		{"Imports", importCases()},
	})
}

// RunApplications checks the contract of applications, and of sessions that are read with them.
func RunApplications(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	run(t, open, []group{{"Load", loadCases()}, {"Applications", applicationCases()}, {"Registry", registryCases()}})
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

// fixture is a store with its own tenant.
type fixture struct {
	*testing.T
	session.Store

	tenant string
}

// lag is the limit of the time that the index of Locate may need, on a busy machine too.
const lag = 5 * time.Minute

// endless is greater than the number of sessions of a user in any case.
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

// create adds a session without its application.
func (f fixture) create(s session.Session) session.Session {
	f.Helper()
	f.must(f.Create(f.Context(), s))
	return s
}

// createAll adds sessions in parallel.
func (f fixture) createAll(all []session.Session) {
	f.Helper()
	inParallel(f.T, len(all), func(i int) error { return f.Create(f.Context(), all[i]) })
}

func (f fixture) register(tenant, id string) session.Application {
	f.Helper()
	app, err := f.PutApplication(f.Context(), NewApplication(tenant, id))
	if errors.Is(err, session.ErrChanged) {
		app, err = f.Application(f.Context(), tenant, id) // it exists
	}
	f.must(err)
	return app
}

// wantState wants a session in Load and among those of its user.
func (f fixture) wantState(want session.Session) {
	f.Helper()
	f.register(want.Tenant, want.Application)
	got, _, err := f.Load(f.Context(), want.Key)
	f.must(err)
	f.wantSame("the loaded session", got, want)
	for _, listed := range f.all(session.Query{Tenant: want.Tenant, User: want.User, Application: want.Application}) {
		if listed.ID == want.ID {
			f.wantSame("the listed session", listed, want)
			return
		}
	}
	f.Fatalf("got no session %v in the list, want it", want.ID)
}

// wantGone wants a session neither in Load nor in the list.
func (f fixture) wantGone(key session.Key) {
	f.Helper()
	f.register(key.Tenant, key.Application)
	_, _, err := f.Load(f.Context(), key)
	f.wantError(err, session.ErrNoSession)
	for _, listed := range f.all(session.Query{Tenant: key.Tenant, User: key.User}) {
		if listed.Key == key {
			f.Fatalf("got session %v in the list, want none", key.ID)
		}
	}
}

// all collects the pages of a query and checks each page.
func (f fixture) all(q session.Query) []session.Session {
	f.Helper()
	var found []session.Session
	for {
		page, more, err := f.Query(f.Context(), q)
		f.must(err)
		if q.Limit > 0 && len(page) > q.Limit {
			f.Fatalf("got a page of %d sessions, want at most %d", len(page), q.Limit)
		}
		if found = append(found, page...); !more {
			return found
		}
		if len(page) == 0 {
			f.Fatal("got an empty page that promises more, want sessions")
		}
		if len(found) > endless {
			f.Fatalf("got more than %d sessions, want an end", endless)
		}
		q.After = &page[len(page)-1].Key
	}
}

// eventually repeats a check of the lagging index until it succeeds.
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

// write is a conditional write, which its own methods define.
type write interface {
	Permits(s session.Session) bool
	Apply(s session.Session) session.Session
}

// checkWrite sends a write to a new session, and wants it applied or refused as its definition says.
func checkWrite[W write](f fixture, s session.Session, w W,
	send func(context.Context, W) (session.Session, bool, error), want bool,
) {
	f.Helper()
	if got := w.Permits(s); got != want {
		f.Fatalf("Permits: got %v, want %v", got, want)
	}
	f.create(s)
	state := s
	if want {
		state = w.Apply(s)
	}
	got, applied, err := send(f.Context(), w)
	f.must(err)
	if applied != want {
		f.Errorf("got applied %v, want %v", applied, want)
	}
	f.wantSame("the returned session", got, state)
	f.wantState(state)
}
