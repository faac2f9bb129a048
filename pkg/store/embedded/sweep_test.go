package embedded

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// clock is the clock of a sweeper.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) set(t time.Time) { c.at.Store(&t) }
func (c *clock) now() time.Time  { return *c.at.Load() }

func sweptBy(t *testing.T, every time.Duration) (*Store, *clock) {
	t.Helper()
	c := &clock{}
	c.set(storetest.Now())
	s, err := Open(filepath.Join(t.TempDir(), "store.db"), Options{Now: c.now, SweepEvery: every})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c
}

func (s *Store) mustSweep(t *testing.T, want int) {
	t.Helper()
	if removed, err := s.Sweep(t.Context()); err != nil || removed != want {
		t.Fatalf("got %d removed, %v; want %d", removed, err, want)
	}
}

// sizes counts sessions, index entries and due entries.
func (s *Store) sizes(t *testing.T) (sizes [3]int) {
	t.Helper()
	err := s.db.View(func(tx *bbolt.Tx) error {
		for i, name := range []string{sessionsBucket, idsBucket, dueBucket} {
			sizes[i] = tx.Bucket([]byte(name)).Stats().KeyN
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sizes
}

func (s *Store) mustHave(t *testing.T, want [3]int) {
	t.Helper()
	if got := s.sizes(t); got != want {
		t.Fatalf("got %v sessions, index and due entries, want %v", got, want)
	}
}

func mustCreate(t *testing.T, s *Store, change func(*session.Session)) session.Session {
	t.Helper()
	added := newSession()
	change(&added)
	if err := s.Create(t.Context(), added); err != nil {
		t.Fatal(err)
	}
	return added
}

func unchanged(*session.Session) {}

func TestSweepRemovesExpiredSessionsOnly(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	idle := mustCreate(t, s, unchanged)
	mustCreate(t, s, func(x *session.Session) { x.AbsoluteExpiresAt = x.CreatedAt.Add(time.Minute) })
	live := mustCreate(t, s, func(x *session.Session) { x.IdleExpiresAt = x.IdleExpiresAt.Add(time.Millisecond) })
	s.mustSweep(t, 0)
	c.set(idle.IdleExpiresAt.Add(-time.Nanosecond))
	s.mustSweep(t, 1)
	c.set(idle.IdleExpiresAt)
	s.mustSweep(t, 1)
	s.mustHold(t, live)
	s.mustHave(t, [3]int{1, 1, 1})
	if _, err := s.Locate(t.Context(), "tenant", idle.ID); !errors.Is(err, session.ErrNoSession) {
		t.Fatal(err)
	}
	c.set(live.IdleExpiresAt)
	s.mustSweep(t, 1)
	s.mustHave(t, [3]int{})
}

func TestSweepGivesARefreshedSessionAnotherEntry(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	added := mustCreate(t, s, unchanged)
	r := storetest.NewRotation(added)
	if _, _, err := s.Rotate(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	rotated := r.Apply(added)
	for _, at := range []time.Time{added.IdleExpiresAt, rotated.IdleExpiresAt.Add(-time.Millisecond)} {
		c.set(at)
		s.mustSweep(t, 0)
		s.mustHold(t, rotated)
		s.mustHave(t, [3]int{1, 1, 1})
	}
	c.set(rotated.IdleExpiresAt)
	s.mustSweep(t, 1)
	s.mustHold(t)
}

func TestSweepRemovesTheEntriesOfDeletedSessions(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	added := mustCreate(t, s, unchanged)
	if _, err := s.Delete(t.Context(), session.Deletion{Key: added.Key}); err != nil {
		t.Fatal(err)
	}
	c.set(added.IdleExpiresAt)
	s.mustSweep(t, 0)
	s.mustHave(t, [3]int{})
}

func TestSweepTakesAsManyTransactionsAsItNeeds(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	const n = 3*sweepBatch + 1
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			if err := s.Create(t.Context(), newSession()); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	c.set(storetest.Now().Add(time.Hour))
	s.mustSweep(t, n)
	s.mustHave(t, [3]int{})
}

func TestSweepReportsADamagedSessionAndKeepsIt(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	damaged, expired := mustCreate(t, s, unchanged), mustCreate(t, s, unchanged)
	_, err := update(t.Context(), s, func(t *transaction) (nothing, error) {
		t.put(sessionsBucket, sessionKey(damaged.Key), []byte{0xff})
		return nothing{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.set(expired.IdleExpiresAt.Add(time.Second))
	if removed, err := s.Sweep(t.Context()); removed != 1 || !errors.Is(err, errDamagedValue) {
		t.Fatalf("got %d removed, %v; want 1 and %v", removed, err, errDamagedValue)
	}
	s.mustSweep(t, 0)
	s.mustHave(t, [3]int{1, 1, 0})
}

func TestSweepNeverRemovesAnAnsweredRotation(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	for range 50 {
		added := mustCreate(t, s, unchanged)
		r := storetest.NewRotation(added)
		r.Now = added.IdleExpiresAt.Add(-time.Millisecond)
		c.set(added.IdleExpiresAt)
		var both sync.WaitGroup
		removed := 0
		both.Go(func() { removed, _ = s.Sweep(t.Context()) })
		state, applied, err := s.Rotate(t.Context(), r)
		both.Wait()
		switch {
		case applied && removed == 0:
			s.mustHold(t, state)
			if _, err := s.Delete(t.Context(), session.Deletion{Key: added.Key}); err != nil {
				t.Fatal(err)
			}
		case errors.Is(err, session.ErrNoSession) && removed == 1:
			s.mustHold(t)
		default:
			t.Fatalf("got applied %v, %v, and %d removed; want one of the two", applied, err, removed)
		}
	}
}

func TestAClockThatJumpsAheadAndBackDeletesNothing(t *testing.T) {
	const jumpsFor = 10
	var readings atomic.Int64
	now := func() time.Time {
		if n := readings.Add(1); n > believeAfter && n <= believeAfter+jumpsFor {
			return storetest.Now().Add(2000 * time.Hour)
		}
		return storetest.Now()
	}
	s, err := Open(filepath.Join(t.TempDir(), "store.db"), Options{Now: now, SweepEvery: 100 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	live := mustCreate(t, s, unchanged)
	for readings.Load() < 3*believeAfter {
		time.Sleep(100 * time.Microsecond)
	}
	s.mustHold(t, live)
}

func TestExpiredSessionsAreRemovedInTheBackground(t *testing.T) {
	s, c := sweptBy(t, time.Millisecond)
	expired := mustCreate(t, s, unchanged)
	live := mustCreate(t, s, func(x *session.Session) { x.IdleExpiresAt = x.IdleExpiresAt.Add(time.Hour) })
	c.set(expired.IdleExpiresAt)
	for {
		_, err := s.Locate(t.Context(), "tenant", expired.ID)
		if errors.Is(err, session.ErrNoSession) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	s.mustHold(t, live)
}

func TestASweepRemovesEntriesOfTheHistoryWhenTheirLifeIsOver(t *testing.T) {
	s, c := sweptBy(t, time.Hour)
	old, young := storetest.NewEntry("t", "u"), storetest.NewEntry("t", "u")
	young.ID, _ = token.NewID(old.ID.Time().Add(time.Second), rand.Reader)
	s.Record(t.Context(), old)
	s.Record(t.Context(), young)
	for _, step := range []struct {
		at   time.Time
		left int
	}{
		{old.ID.Time().Add(session.EntryLife - time.Millisecond), 2},
		{old.ID.Time().Add(session.EntryLife), 1},
		{young.ID.Time().Add(session.EntryLife), 0},
	} {
		c.set(step.at)
		s.mustSweep(t, 0)
		left, _, err := s.Entries(t.Context(), session.EntryQuery{Tenant: "t", User: "u", Limit: 10})
		if err != nil || len(left) != step.left {
			t.Errorf("at %v: got %d entries, %v, want %d", step.at, len(left), err, step.left)
		}
	}
	if err := s.db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Bucket([]byte(entriesDueBucket)).Cursor().First(); first != nil {
			t.Errorf("got %x left in the order of ends, want nothing", first)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
