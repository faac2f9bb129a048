package storetest

import (
	"errors"
	"slices"
	"sync/atomic"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func registryCases() []contractCase {
	return []contractCase{
		{"An application that was deleted does not exist for any verb", deletedIsMissing},
		{"Made again, an application has its old epoch, and none of its sessions comes back (law 5)", madeAgain},
		{"DeleteApplication refuses another epoch and another version", deleteRefuses},
		{"Repeated, DeleteApplication returns the epoch of the first deletion", deleteRepeated},
		{"Of 32 concurrent DeleteApplication one deletes, and all return its epoch", applicationDeleteRace},
		{"Of concurrent puts, epochs and deletions of one application the epoch never falls", registryRace},
		{"ListApplications has the tenant's, in pages, without deleted ones", listApplications},
		{"ListTenants has each tenant once, in ascending order, its applications deleted or not", listTenants},
	}
}

// remove deletes an application as it is.
func (f fixture) remove(tenant, id string) {
	f.Helper()
	app, err := f.Application(f.Context(), tenant, id)
	f.must(err)
	ending, err := f.DeleteApplication(f.Context(), app, Now())
	f.must(err)
	f.wantSame("the deletion", ending, own(app.Epoch+1))
}

func deletedIsMissing(f fixture) {
	kept := f.register(f.tenant, "kept")
	f.register(f.tenant, "application")
	created := f.create(NewSession(f.tenant, "user", "application"))
	f.remove(f.tenant, "application")
	_, err := f.Application(f.Context(), f.tenant, "application")
	f.wantError(err, session.ErrNoApplication)
	_, err = f.ApplicationOf(f.Context(), created.Key)
	f.wantError(err, session.ErrNoApplication)
	_, _, err = f.Load(f.Context(), created.Key)
	f.wantError(err, session.ErrNoApplication)
	_, err = f.AdvanceEpoch(f.Context(), f.tenant, "application", 1)
	f.wantError(err, session.ErrNoApplication)
	some, err := f.Applications(f.Context(), f.tenant, "user", []string{"application", "kept"})
	f.must(err)
	f.wantSame("the applications", some, map[string]session.Application{"kept": kept})
	_, err = f.DeleteApplication(f.Context(), NewApplication(f.tenant, "unknown"), Now())
	f.wantError(err, session.ErrNoApplication)
}

func madeAgain(f fixture) {
	app := f.register(f.tenant, "application")
	_, err := f.advance(f.tenant, "application")
	f.must(err)
	created := NewSession(f.tenant, "user", "application")
	created.Epoch = 1
	f.create(created)
	f.remove(f.tenant, "application")
	for _, version := range []uint64{app.Version, app.Version + 1} { // as it was read before the deletion, and after it
		stale := app
		stale.Version = version
		_, err := f.PutApplication(f.Context(), stale)
		f.wantError(err, session.ErrChanged)
	}
	want := NewApplication(f.tenant, "application")
	want.Name, want.Settings.OverlapSeconds = "another", 7
	got, err := f.PutApplication(f.Context(), want)
	f.must(err)
	want.Epoch, want.Version = 2, got.Version
	f.wantSame("the result", got, want)
	session, loaded, err := f.Load(f.Context(), created.Key)
	f.must(err)
	f.wantSame("the application", loaded, want)
	if session.Epoch == loaded.Epoch {
		f.Fatalf("got a session of epoch %d, want it of an older epoch than %d", session.Epoch, loaded.Epoch)
	}
	if got.Version <= app.Version+1 {
		f.Fatalf("got version %d, want a version that nobody has read", got.Version)
	}
	f.remove(f.tenant, "application")
}

func deleteRefuses(f fixture) {
	app := f.register(f.tenant, "application")
	for _, change := range []func(*session.Application){
		func(a *session.Application) { a.Epoch++ },
		func(a *session.Application) { a.Version++ },
		func(a *session.Application) { a.Version = 0 },
	} {
		other := app
		change(&other)
		_, err := f.DeleteApplication(f.Context(), other, Now())
		f.wantError(err, session.ErrChanged)
	}
	got, err := f.Application(f.Context(), f.tenant, "application")
	f.must(err)
	f.wantSame("the application", got, app)
}

func deleteRepeated(f fixture) {
	app := f.register(f.tenant, "application")
	for _, want := range []session.Ending{own(1), another(1), another(1)} {
		ending, err := f.DeleteApplication(f.Context(), app, Now())
		f.must(err)
		f.wantSame("the deletion", ending, want)
	}
	if _, err := f.PutApplication(f.Context(), NewApplication(f.tenant, "application")); err != nil {
		f.Fatal(err)
	}
	_, err := f.DeleteApplication(f.Context(), app, Now()) // a repetition that comes late
	f.wantError(err, session.ErrChanged)
}

func applicationDeleteRace(f fixture) {
	app := f.register(f.tenant, "application")
	f.endTogether(func() (session.Ending, error) { return f.DeleteApplication(f.Context(), app, Now()) })
}

func registryRace(f fixture) {
	f.register(f.tenant, "application")
	var raised atomic.Uint64 // the epochs that were answered
	note := func(ending session.Ending, err error) error {
		epoch := ending.Epoch
		for seen := raised.Load(); epoch > seen && !raised.CompareAndSwap(seen, epoch); seen = raised.Load() {
		}
		if errors.Is(err, session.ErrChanged) || errors.Is(err, session.ErrNoApplication) {
			return nil
		}
		return err
	}
	together(f.T, 32, func(i int) error {
		for range 4 {
			least := raised.Load()
			app, err := f.Application(f.Context(), f.tenant, "application")
			if errors.Is(err, session.ErrNoApplication) {
				app, err = NewApplication(f.tenant, "application"), nil
			} else if err == nil && app.Epoch < least {
				return errors.New("the epoch has fallen")
			}
			if err != nil {
				return err
			}
			switch i % 3 {
			case 0:
				app, err = f.PutApplication(f.Context(), app)
				err = note(another(app.Epoch), err)
			case 1:
				err = note(f.DeleteApplication(f.Context(), app, Now()))
			case 2:
				err = note(f.AdvanceEpoch(f.Context(), f.tenant, "application", app.Epoch))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	app, err := f.PutApplication(f.Context(), NewApplication(f.tenant, "application"))
	if errors.Is(err, session.ErrChanged) {
		app, err = f.Application(f.Context(), f.tenant, "application")
	}
	f.must(err)
	if app.Epoch < raised.Load() {
		f.Fatalf("got epoch %d, want at least the answered %d", app.Epoch, raised.Load())
	}
}

func listApplications(f fixture) {
	ids := HostileIDs()
	inParallel(f.T, len(ids), func(i int) error {
		_, err := f.PutApplication(f.Context(), NewApplication(f.tenant, ids[i]))
		return err
	})
	f.register(f.tenant+"2", "foreign")
	f.create(NewSession(f.tenant, "user", "a"))
	f.must(f.PutAPIKey(f.Context(), NewAPIKey(f.tenant)))
	slices.Sort(ids)
	var want []session.Application
	for i, id := range ids {
		if i%3 == 1 {
			f.remove(f.tenant, id)
		} else {
			want = append(want, stored(NewApplication(f.tenant, id)))
		}
	}
	for _, limit := range []int{0, 1, 2, 7, len(ids)} {
		var got []session.Application
		for page := (session.Page{Limit: limit}); ; page.After = got[len(got)-1].ID {
			some, more, err := f.ListApplications(f.Context(), f.tenant, page)
			f.must(err)
			if limit > 0 && len(some) > limit || more && len(some) == 0 {
				f.Fatalf("got %d on a page, more %v, want at most %d, and none only on the last page", len(some), more, limit)
			}
			if got = append(got, some...); !more {
				break
			}
		}
		f.wantSame("the applications", got, want)
	}
	none, more, err := f.ListApplications(f.Context(), f.tenant+"3", session.Page{})
	f.must(err)
	if len(none) != 0 || more {
		f.Fatalf("another tenant: got %v, more %v, want none", none, more)
	}
}

func listTenants(f fixture) {
	var want []string
	for _, id := range HostileIDs()[:40] {
		want = append(want, f.tenant+"/"+id)
		f.register(f.tenant+"/"+id, "web")
		f.register(f.tenant+"/"+id, "mobile")
	}
	f.remove(want[3], "web")
	f.remove(want[3], "mobile")
	f.must(f.PutAPIKey(f.Context(), NewAPIKey(f.tenant+"/only a key")))
	slices.Sort(want)
	for _, limit := range []int{0, 3} {
		var got []string
		page := session.Page{After: f.tenant + "/", Limit: limit}
		for more := true; more && len(got) < len(want); {
			some, m, err := f.ListTenants(f.Context(), page)
			f.must(err)
			if got, more = append(got, some...), m; len(some) > 0 {
				page.After = some[len(some)-1]
			}
		}
		f.wantSame("the tenants after this one", got[:min(len(got), len(want))], want)
	}
}
