package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func applicationCases() []contractCase {
	return []contractCase{
		{"PutApplication creates an application and returns it", putCreates},
		{"PutApplication changes every setting and keeps the epoch", putKeepsEpoch},
		{"Application of an unknown id is ErrNoApplication", applicationUnknown},
		{"Applications reads up to 100 and omits missing ones", applicationsSubset},
		{"Every byte of the ids distinguishes applications", applicationsHostile},
		{"PutApplication refuses another version, and a version of a missing application", putRefuses},
		{"Of 32 concurrent PutApplication of one version exactly one is written", putRace},
		{"AdvanceEpoch adds one and returns it", advanceEpoch},
		{"AdvanceEpoch from an earlier epoch returns the epoch, keeps it and ends nothing", advanceRepeated},
		{"ApplicationOf returns the application to the sessions of each user, with each change at once", applicationOf},
		{"Of 32 concurrent AdvanceEpoch from one epoch one advances it, and all return the next one", advanceRace},
		{"AdvanceEpoch of an unknown application is ErrNoApplication and creates nothing", advanceUnknown},
		{"PutApplication never undoes a concurrent AdvanceEpoch", putAdvanceRace},
	}
}

func putCreates(f fixture) {
	want := NewApplication(f.tenant, "application")
	got, err := f.PutApplication(f.Context(), want)
	f.must(err)
	want.Version = 1
	f.wantSame("the result", got, want)
	got, err = f.Application(f.Context(), f.tenant, "application")
	f.must(err)
	f.wantSame("the application", got, want)
}

func putKeepsEpoch(f fixture) {
	f.register(f.tenant, "application")
	for range 2 {
		_, err := f.advance(f.tenant, "application")
		f.must(err)
	}
	for i, settings := range []session.Settings{
		{
			AccessTokenSeconds: 1, RefreshIdleSeconds: 315360000, RefreshAbsoluteSeconds: 315359999, Usage: session.Reusable,
			OverlapSeconds: 300, MaxSessionsPerUser: 10000, KeepPreviousAccessToken: true, RequireAccessTokenPresent: true,
			DPoP: session.DPoPAllowed,
		},
		{
			AccessTokenSeconds: 86400, RefreshIdleSeconds: 2, RefreshAbsoluteSeconds: 3, Usage: session.OneTime,
			DPoP: session.DPoPRequired,
		},
		session.DefaultSettings(),
	} {
		app := session.Application{
			Tenant: f.tenant, ID: "application", Name: fmt.Sprintf("Nimi «%d» 🦊", i), Settings: settings,
			Epoch: uint64(i) * 50, Version: uint64(i) + 1, // the store ignores the epoch
		}
		want := app
		want.Epoch, want.Version = 2, uint64(i)+2
		got, err := f.PutApplication(f.Context(), app)
		f.must(err)
		f.wantSame("the result", got, want)
		got, err = f.Application(f.Context(), f.tenant, "application")
		f.must(err)
		f.wantSame("the application", got, want)
	}
}

func applicationUnknown(f fixture) {
	f.register(f.tenant, "application")
	f.create(NewSession(f.tenant, "user", "unregistered"))
	for _, c := range []struct{ tenant, id string }{
		{f.tenant, "Application"},
		{f.tenant, "applicatio"},
		{f.tenant, "application2"},
		{f.tenant, "unregistered"},
		{f.tenant + "2", "application"},
	} {
		_, err := f.Application(f.Context(), c.tenant, c.id)
		f.wantError(err, session.ErrNoApplication)
	}
}

func applicationsSubset(f fixture) {
	const most = 100
	ids := make([]string, most)
	for i := range ids {
		ids[i] = fmt.Sprint("application-", i)
	}
	inParallel(f.T, most, func(i int) error {
		if i%3 == 0 {
			return nil // a missing one
		}
		_, err := f.PutApplication(f.Context(), NewApplication(f.tenant, ids[i]))
		return err
	})
	f.register(f.tenant+"2", ids[0])
	for _, asked := range [][]string{nil, ids[:1], ids[1:2], ids[:10], ids} {
		want := map[string]session.Application{}
		for _, id := range asked {
			if slices.Index(ids, id)%3 != 0 {
				want[id] = stored(NewApplication(f.tenant, id))
			}
		}
		got, err := f.Applications(f.Context(), f.tenant, "user", asked)
		f.must(err)
		f.wantSame("the answer", got, want)
	}
}

func applicationsHostile(f fixture) {
	ids := HostileIDs()
	inParallel(f.T, len(ids), func(i int) error {
		_, err := f.PutApplication(f.Context(), NewApplication(f.tenant, ids[i]))
		return err
	})
	for some := range slices.Chunk(ids, 50) {
		got, err := f.Applications(f.Context(), f.tenant, "user", some)
		f.must(err)
		for _, id := range some {
			f.wantSame(id, got[id], stored(NewApplication(f.tenant, id)))
			one, err := f.Application(f.Context(), f.tenant, id)
			f.must(err)
			f.wantSame(id, one, stored(NewApplication(f.tenant, id)))
		}
	}
}

func advanceEpoch(f fixture) {
	other := f.register(f.tenant, "other")
	foreign := f.register(f.tenant+"2", "application")
	want := f.register(f.tenant, "application")
	for range 3 {
		want.Epoch++
		ending, err := f.advance(f.tenant, "application")
		f.must(err)
		f.wantSame("the ending", ending, own(want.Epoch))
		for _, app := range []session.Application{want, other, foreign} {
			got, err := f.Application(f.Context(), app.Tenant, app.ID)
			f.must(err)
			f.wantSame("the application", got, app)
		}
	}
}

func applicationOf(f fixture) {
	want := f.register(f.tenant, "application")
	for i := range 3 {
		for user := range 16 {
			got, err := f.ApplicationOf(f.Context(), session.Key{
				Tenant: f.tenant, User: fmt.Sprint("user ", user), Application: "application",
			})
			f.must(err)
			f.wantSame("the application", got, want)
			all, err := f.Applications(f.Context(), f.tenant, fmt.Sprint("user ", user), []string{"application", "unknown"})
			f.must(err)
			f.wantSame("the application among others", all, map[string]session.Application{"application": want})
		}
		_, err := f.advance(f.tenant, "application")
		f.must(err)
		want.Epoch, want.Name = want.Epoch+1, fmt.Sprint("name ", i)
		want, err = f.PutApplication(f.Context(), want)
		f.must(err)
	}
	_, err := f.ApplicationOf(f.Context(), session.Key{Tenant: f.tenant, User: "user", Application: "unknown"})
	f.wantError(err, session.ErrNoApplication)
	_, err = f.ApplicationOf(f.Context(), session.Key{Tenant: f.tenant + "2", User: "user", Application: "application"})
	f.wantError(err, session.ErrNoApplication)
}

func advanceRepeated(f fixture) {
	f.register(f.tenant, "application")
	for _, c := range []struct {
		from uint64
		want session.Ending
	}{{0, own(1)}, {0, another(1)}, {1, own(2)}, {0, another(2)}, {1, another(2)}} {
		ending, err := f.AdvanceEpoch(f.Context(), f.tenant, "application", c.from)
		f.must(err)
		f.wantSame(fmt.Sprintf("the ending from %d", c.from), ending, c.want)
	}
}

func own(epoch uint64) session.Ending     { return session.Ending{Epoch: epoch, Own: true} }
func another(epoch uint64) session.Ending { return session.Ending{Epoch: epoch} }

func advanceRace(f fixture) {
	f.register(f.tenant, "application")
	f.endTogether(func() (session.Ending, error) { return f.AdvanceEpoch(f.Context(), f.tenant, "application", 0) })
}

// endTogether wants one of 32 endings at once to be its own, and all to have epoch 1.
func (f fixture) endTogether(end func() (session.Ending, error)) {
	f.Helper()
	var ended atomic.Int64
	together(f.T, 32, func(int) error {
		ending, err := end()
		if err == nil && ending.Epoch != 1 {
			err = fmt.Errorf("got epoch %d, want 1", ending.Epoch)
		}
		if ending.Own {
			ended.Add(1)
		}
		return err
	})
	if ended.Load() != 1 {
		f.Fatalf("got %d endings of their own, want one", ended.Load())
	}
}

// advance is AdvanceEpoch from the current epoch.
func (f fixture) advance(tenant, id string) (session.Ending, error) {
	app, err := f.Application(f.Context(), tenant, id)
	if err != nil {
		app.Epoch = 0 // of a missing application
	}
	return f.AdvanceEpoch(f.Context(), tenant, id, app.Epoch)
}

func putRefuses(f fixture) {
	app := f.register(f.tenant, "application")
	for _, version := range []uint64{0, app.Version + 1} {
		other := app
		other.Version, other.Name = version, "another"
		_, err := f.PutApplication(f.Context(), other)
		f.wantError(err, session.ErrChanged)
	}
	unknown := NewApplication(f.tenant, "unknown")
	unknown.Version = 1
	_, err := f.PutApplication(f.Context(), unknown)
	f.wantError(err, session.ErrChanged)
	got, err := f.Application(f.Context(), f.tenant, "application")
	f.must(err)
	f.wantSame("the application", got, app)
	_, err = f.Application(f.Context(), f.tenant, "unknown")
	f.wantError(err, session.ErrNoApplication)
}

func putRace(f fixture) {
	app := f.register(f.tenant, "application")
	var written atomic.Int64
	together(f.T, 32, func(int) error {
		_, err := f.PutApplication(f.Context(), app)
		if errors.Is(err, session.ErrChanged) {
			return nil
		}
		written.Add(1)
		return err
	})
	if written.Load() != 1 {
		f.Fatalf("got %d puts written, want 1", written.Load())
	}
}

// stored is an application after its first put.
func stored(app session.Application) session.Application {
	app.Version = 1
	return app
}

func advanceUnknown(f fixture) {
	f.register(f.tenant, "application")
	_, err := f.advance(f.tenant, "unknown")
	f.wantError(err, session.ErrNoApplication)
	_, err = f.advance(f.tenant+"2", "application")
	f.wantError(err, session.ErrNoApplication)
	_, err = f.Application(f.Context(), f.tenant, "unknown")
	f.wantError(err, session.ErrNoApplication)
	_, err = f.Application(f.Context(), f.tenant+"2", "application")
	f.wantError(err, session.ErrNoApplication)
}

func putAdvanceRace(f fixture) {
	app := f.register(f.tenant, "application")
	together(f.T, 32, func(i int) (err error) {
		if i%2 == 0 {
			_, err = f.AdvanceEpoch(f.Context(), f.tenant, "application", 0)
			return err
		}
		_, err = f.PutApplication(f.Context(), app)
		if errors.Is(err, session.ErrChanged) {
			return nil
		}
		return err
	})
	got, err := f.Application(f.Context(), f.tenant, "application")
	f.must(err)
	app.Epoch, app.Version = 1, 2
	f.wantSame("the application", got, app)
}
