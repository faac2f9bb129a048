package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func loadCases() []contractCase {
	return []contractCase{
		{"Load reads a session together with its application", loadBoth},
		{"Load of a missing session is ErrNoSession", loadNoSession},
		{"Load of a session without its application is ErrNoApplication", loadNoApplication},
		{"Load sees an advanced epoch at once", loadEpoch},
	}
}

func loadBoth(f fixture) {
	f.register(f.tenant, "other")
	app := f.register(f.tenant, "application")
	s := f.create(NewFullSession(f.tenant, "user", "application"))
	gotSession, gotApp, err := f.Load(f.Context(), s.Key)
	f.must(err)
	f.wantSame("the session", gotSession, s)
	f.wantSame("the application", gotApp, app)
}

func loadNoSession(f fixture) {
	f.register(f.tenant, "application")
	f.register(f.tenant, "other")
	f.register(f.tenant+"2", "application")
	s := f.create(NewSession(f.tenant, "user", "application"))
	for _, change := range []func(*session.Key){
		func(k *session.Key) { k.ID = NewID() },
		func(k *session.Key) { k.User = "User" },
		func(k *session.Key) { k.Application = "other" },
		func(k *session.Key) { k.Tenant += "2" },
	} {
		key := s.Key
		change(&key)
		_, _, err := f.Load(f.Context(), key)
		f.wantError(err, session.ErrNoSession)
	}
}

func loadNoApplication(f fixture) {
	f.register(f.tenant, "Application")
	f.register(f.tenant+"2", "application")
	s := f.create(NewSession(f.tenant, "user", "application"))
	_, _, err := f.Load(f.Context(), s.Key)
	f.wantError(err, session.ErrNoApplication)
}

func loadEpoch(f fixture) {
	f.register(f.tenant, "application")
	s := f.create(NewSession(f.tenant, "user", "application"))
	for want := uint64(1); want <= 10; want++ {
		_, err := f.advance(f.tenant, "application")
		f.must(err)
		got, app, err := f.Load(f.Context(), s.Key)
		f.must(err)
		if app.Epoch != want {
			f.Fatalf("got epoch %d, want %d", app.Epoch, want)
		}
		f.wantSame("the session", got, s) // an epoch changes no session
	}
}

func locateCases() []contractCase {
	return []contractCase{
		{"Locate finds a session's key by its id", locateKey},
		{"Locate finds sessions of the tenant only", locateTenant},
		{"Locate of an unknown id is ErrNoSession", locateUnknown},
		{"Locate finds a rotated session and eventually no deleted one", locateAfterwards},
		{"Locate returns the ids byte by byte", locateHostile},
	}
}

// located polls the index, which may lag, for a key.
func (f fixture) located(want session.Key) {
	f.Helper()
	f.eventually(func(ctx context.Context) error {
		got, err := f.Locate(ctx, want.Tenant, want.ID)
		if diff := Diff(want, got); err == nil && diff != "" {
			f.Fatalf("the located key differs (-want +got):\n%s", diff)
		}
		return err
	})
}

// unlocated polls the index until it lacks an id.
func (f fixture) unlocated(tenant string, id token.ID) {
	f.Helper()
	f.eventually(func(ctx context.Context) error {
		got, err := f.Locate(ctx, tenant, id)
		if errors.Is(err, session.ErrNoSession) {
			return nil
		}
		return fmt.Errorf("got %v, %w; want none", got, err)
	})
}

func locateKey(f fixture) {
	f.create(NewSession(f.tenant, "user", "application"))
	s := f.create(NewSession(f.tenant, "user", "application"))
	f.located(s.Key)
}

func locateTenant(f fixture) {
	ours := f.create(NewSession(f.tenant, "user", "application"))
	theirs := NewSession(f.tenant+"2", "someone", "else")
	theirs.ID = ours.ID
	f.create(theirs)
	f.located(ours.Key)
	f.located(theirs.Key)
	only := f.create(NewSession(f.tenant, "user", "application"))
	f.located(only.Key)
	for _, tenant := range []string{f.tenant + "2", f.tenant + "#", f.tenant[:len(f.tenant)-1], "x" + f.tenant} {
		_, err := f.Locate(f.Context(), tenant, only.ID)
		f.wantError(err, session.ErrNoSession)
	}
}

func locateUnknown(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	next := s.ID
	next[15]++
	for _, id := range []token.ID{NewID(), {}, next} {
		_, err := f.Locate(f.Context(), f.tenant, id)
		f.wantError(err, session.ErrNoSession)
	}
}

func locateAfterwards(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	f.located(s.Key)
	_, _, err := f.Rotate(f.Context(), NewRotation(s))
	f.must(err)
	f.located(s.Key)
	_, err = f.Delete(f.Context(), session.Deletion{Key: s.Key})
	f.must(err)
	f.unlocated(f.tenant, s.ID)

	batch := []session.Session{NewSession(f.tenant, "user", "application"), NewSession(f.tenant, "user", "application")}
	f.createAll(batch)
	f.located(batch[1].Key)
	f.must(f.DeleteBatch(f.Context(), []session.Key{batch[1].Key}))
	f.unlocated(f.tenant, batch[1].ID)
	f.located(batch[0].Key)
}

func locateHostile(f fixture) {
	var all []session.Session
	for _, id := range HostileIDs() {
		all = append(all, NewSession(f.tenant, id, "a"), NewSession(f.tenant, "a", id))
	}
	f.createAll(all)
	for _, s := range all {
		f.located(s.Key)
	}
}
