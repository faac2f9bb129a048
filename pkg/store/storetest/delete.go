package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func deleteCases() []contractCase {
	return []contractCase{
		{"Delete removes a session and returns its last state", deleteLastState},
		{"Delete of a missing session is ErrNoSession", deleteNothing},
		{"Delete on another root or idle expiry is refused and changes nothing", deleteRefused},
		{"Of 16 concurrent deletions exactly one returns the session", deleteRace},
		{"Delete removes nothing else", deleteNeighbours},
	}
}

func deleteLastState(f fixture) {
	fresh := f.create(NewFullSession(f.tenant, "user", "application"))
	got, err := f.Delete(f.Context(), session.Deletion{Key: fresh.Key})
	f.must(err)
	f.wantSame("the last state", got, fresh)
	f.wantGone(fresh.Key)

	s := f.create(NewSession(f.tenant, "user", "application"))
	rotated, _, err := f.Rotate(f.Context(), NewRotation(s))
	f.must(err)
	got, err = f.Delete(f.Context(), session.Deletion{Key: s.Key})
	f.must(err)
	f.wantSame("the last state", got, rotated)
	f.wantGone(s.Key)
	_, _, err = f.Rotate(f.Context(), NewRotation(rotated))
	f.wantError(err, session.ErrNoSession)
	f.wantGone(s.Key)
}

func deleteNothing(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	missing := s.Key
	missing.ID = NewID()
	_, err := f.Delete(f.Context(), session.Deletion{Key: missing})
	f.wantError(err, session.ErrNoSession)
	_, err = f.Delete(f.Context(), session.Deletion{Key: s.Key})
	f.must(err)
	_, err = f.Delete(f.Context(), session.Deletion{Key: s.Key})
	f.wantError(err, session.ErrNoSession)
}

func deleteRefused(f fixture) {
	s := f.create(NewFullSession(f.tenant, "user", "application"))
	for _, d := range []session.Deletion{
		{Key: s.Key, Root: NewRootHash()},
		{Key: s.Key, IdleExpiresAt: s.IdleExpiresAt.Add(time.Millisecond)},
		{Key: s.Key, Root: s.RootHash, IdleExpiresAt: s.IdleExpiresAt.Add(-time.Millisecond)},
		{Key: s.Key, Root: NewRootHash(), IdleExpiresAt: s.IdleExpiresAt},
	} {
		got, err := f.Delete(f.Context(), d)
		f.wantError(err, session.ErrChanged)
		f.wantSame("the session that refused", got, s)
		f.wantState(s)
	}
	got, err := f.Delete(f.Context(), session.Deletion{Key: s.Key, Root: s.RootHash, IdleExpiresAt: s.IdleExpiresAt})
	f.must(err)
	f.wantSame("the last state", got, s)
	_, err = f.Delete(f.Context(), session.Deletion{Key: s.Key, Root: NewRootHash()})
	f.wantError(err, session.ErrNoSession)
}

func deleteRace(f fixture) {
	s := f.create(NewFullSession(f.tenant, "user", "application"))
	var mu sync.Mutex
	var returned []session.Session
	together(f.T, 16, func(int) error {
		old, err := f.Delete(f.Context(), session.Deletion{Key: s.Key})
		if errors.Is(err, session.ErrNoSession) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		returned = append(returned, old)
		return err
	})
	f.wantSame("the returned sessions", returned, []session.Session{s})
	f.wantGone(s.Key)
}

func deleteNeighbours(f fixture) {
	s := NewSession(f.tenant, "user", "application")
	neighbours := []session.Session{s, s, s, s}
	neighbours[0].ID = NewID()
	neighbours[1].User += "#"
	neighbours[2].Application += "#"
	neighbours[3].Tenant += "#"
	f.createAll(append(neighbours, s))
	_, err := f.Delete(f.Context(), session.Deletion{Key: s.Key})
	f.must(err)
	f.wantGone(s.Key)
	for _, neighbour := range neighbours {
		f.wantState(neighbour)
	}
}

func deleteBatchCases() []contractCase {
	return []contractCase{
		{"DeleteBatch removes sessions and tolerates missing ones", deleteBatchSome},
		{"DeleteBatch of nothing is no error", deleteBatchNothing},
		{"DeleteBatch removes more sessions than one request of DynamoDB can", deleteBatchMany},
		{"Concurrent deletions of the same sessions all succeed", deleteBatchRace},
	}
}

func deleteBatchSome(f fixture) {
	kept := f.create(NewSession(f.tenant, "user", "application"))
	all := []session.Session{
		NewSession(f.tenant, "user", "application"), NewSession(f.tenant, "user", "application2"),
		NewSession(f.tenant, "user2", "application"),
	}
	f.createAll(all)
	missing := NewSession(f.tenant, "user", "application").Key
	keys := []session.Key{all[0].Key, missing, all[1].Key, all[2].Key}
	f.must(f.DeleteBatch(f.Context(), keys))
	for _, key := range keys {
		f.wantGone(key)
	}
	f.must(f.DeleteBatch(f.Context(), keys))
	f.wantState(kept)
}

func deleteBatchNothing(f fixture) {
	s := f.create(NewSession(f.tenant, "user", "application"))
	f.must(f.DeleteBatch(f.Context(), nil))
	f.must(f.DeleteBatch(f.Context(), []session.Key{}))
	f.wantState(s)
}

func deleteBatchMany(f fixture) {
	for _, n := range []int{25, 26, 100, 101, 130} {
		all := f.user(n, "application")
		kept := all[n/2]
		var keys []session.Key
		for _, s := range all {
			if s.ID != kept.ID {
				keys = append(keys, s.Key)
			}
		}
		f.must(f.DeleteBatch(f.Context(), keys))
		f.wantSame("the remaining sessions", f.all(session.Query{Tenant: f.tenant, User: "user"}), []session.Session{kept})
		f.must(f.DeleteBatch(f.Context(), []session.Key{kept.Key}))
	}
}

func deleteBatchRace(f fixture) {
	all := f.user(60, "application")
	keys := make([]session.Key, len(all))
	for i, s := range all {
		keys[i] = s.Key
	}
	together(f.T, 8, func(int) error { return f.DeleteBatch(f.Context(), keys) })
	f.wantSame("the remaining sessions", f.all(session.Query{Tenant: f.tenant, User: "user"}), []session.Session(nil))
}
