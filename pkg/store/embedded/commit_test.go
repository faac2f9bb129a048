package embedded

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// stopped is a store without a running writer: all writes before start share one transaction.
func stopped(t *testing.T) (s *Store, start func()) {
	t.Helper()
	db, err := openFile(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	s = &Store{db: db, queue: newQueue(), now: time.Now, stop: func() {}}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, func() { s.background.Go(s.commitAll) }
}

// queued starts a write and returns when it is in the queue. The channel has its error.
func queued(s *Store, do func() error) <-chan error {
	length := func() int {
		s.queue.mu.Lock()
		defer s.queue.mu.Unlock()
		return len(s.queue.waiting)
	}
	before := length()
	answer := make(chan error, 1)
	go func() { answer <- do() }()
	for length() == before {
		runtime.Gosched()
	}
	return answer
}

func (s *Store) mustHold(t *testing.T, want ...session.Session) {
	t.Helper()
	got, _, err := s.Query(t.Context(), session.Query{Tenant: "tenant", User: "user"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func newSession() session.Session { return storetest.NewSession("tenant", "user", "application") }

func TestARefusedWriteLeavesTheOthersOfItsTransaction(t *testing.T) {
	s, start := stopped(t)
	first, second := newSession(), newSession()
	rival := newSession()
	rival.Key = first.Key
	tooLong := storetest.NewSession("tenant", strings.Repeat("x", 40_000), "application")
	rotation := storetest.NewRotation(first)
	rotate := func() error {
		_, _, err := s.Rotate(t.Context(), rotation)
		return err
	}
	refused := errors.New("an error without a sentinel")
	steps := []struct {
		do   func() error
		want error
	}{
		{func() error { return s.Create(t.Context(), first) }, nil},
		{func() error { return s.Create(t.Context(), rival) }, refused},
		{func() error { return s.Create(t.Context(), tooLong) }, refused},
		{func() error { _, err := s.Delete(t.Context(), session.Deletion{Key: newSession().Key}); return err }, session.ErrNoSession},
		{rotate, nil},
		{func() error { _, err := s.AdvanceEpoch(t.Context(), "tenant", "none", 0); return err }, session.ErrNoApplication},
		{func() error { return s.DeleteAPIKey(t.Context(), "tenant", "none") }, session.ErrNoAPIKey},
		{func() error { return s.Create(t.Context(), second) }, nil},
	}
	answers := make([]<-chan error, len(steps))
	for i, step := range steps {
		answers[i] = queued(s, step.do)
	}
	start()
	for i, step := range steps {
		err := <-answers[i]
		if step.want == refused && (err == nil || errors.Is(err, session.ErrUnavailable)) ||
			step.want != refused && !errors.Is(err, step.want) {
			t.Errorf("write %d: got %v, want %v", i, err, step.want)
		}
	}
	s.mustHold(t, second, rotation.Apply(first))
}

func TestAFailedCommitFailsAllItsWrites(t *testing.T) {
	s, start := stopped(t)
	lost := newSession()
	broken := errors.New("the disk is gone")
	answers := []<-chan error{
		queued(s, func() error { return s.Create(t.Context(), lost) }),
		queued(s, func() error {
			_, err := update(t.Context(), s, func(t *transaction) (nothing, error) { t.note(broken); return nothing{}, nil })
			return err
		}),
	}
	start()
	for _, answer := range answers {
		if err := <-answer; !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, broken) {
			t.Errorf("got %v, want %v and %v", err, session.ErrUnavailable, broken)
		}
	}
	s.mustHold(t)
	kept := newSession()
	if err := s.Create(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	s.mustHold(t, kept)
}

func TestAWaitingCallerReturnsWhenItsContextEnds(t *testing.T) {
	s, start := stopped(t)
	ctx, cancel := context.WithCancel(t.Context())
	abandoned, kept := newSession(), newSession()
	answer := queued(s, func() error { return s.Create(ctx, abandoned) })
	cancel()
	if err := <-answer; !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v and %v", err, session.ErrUnavailable, context.Canceled)
	}
	other := queued(s, func() error { return s.Create(t.Context(), kept) })
	start()
	if err := <-other; err != nil {
		t.Fatal(err)
	}
	s.mustHold(t, kept)
}

func TestAnEndedContextReadsAndWritesNothing(t *testing.T) {
	s, start := stopped(t)
	start()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Application(ctx, "tenant", "application")
	for _, err := range []error{err, s.Create(ctx, newSession())} {
		if !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v and %v", err, session.ErrUnavailable, context.Canceled)
		}
	}
	s.mustHold(t)
}

func TestCloseFinishesWaitingWritesAndRefusesLaterCalls(t *testing.T) {
	s, start := stopped(t)
	path := s.db.Path()
	waiting := newSession()
	answer := queued(s, func() error { return s.Create(t.Context(), waiting) })
	start()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil {
		t.Fatal(err)
	}
	for verb, err := range everyVerb(t.Context(), s) {
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", verb, err, session.ErrUnavailable)
		}
	}
	reopened, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	reopened.mustHold(t, waiting)
	if err := reopened.Close(); err != nil {
		t.Fatal(err)
	}
}

// everyVerb returns the error of each verb of the store.
func everyVerb(ctx context.Context, s *Store) map[string]error {
	added := newSession()
	errs := map[string]error{}
	_, _, errs["Load"] = s.Load(ctx, added.Key)
	_, errs["Locate"] = s.Locate(ctx, "tenant", added.ID)
	_, _, errs["Query"] = s.Query(ctx, session.Query{Tenant: "tenant", User: "user"})
	errs["Create"] = s.Create(ctx, added)
	_, _, errs["Rotate"] = s.Rotate(ctx, storetest.NewRotation(added))
	_, errs["Delete"] = s.Delete(ctx, session.Deletion{Key: added.Key})
	errs["DeleteBatch"] = s.DeleteBatch(ctx, []session.Key{added.Key})
	_, errs["Application"] = s.Application(ctx, "tenant", "application")
	_, errs["Applications"] = s.Applications(ctx, "tenant", "user", []string{"application"})
	_, errs["PutApplication"] = s.PutApplication(ctx, storetest.NewApplication("tenant", "application"))
	_, errs["AdvanceEpoch"] = s.AdvanceEpoch(ctx, "tenant", "application", 0)
	_, errs["APIKey"] = s.APIKey(ctx, "id")
	errs["PutAPIKey"] = s.PutAPIKey(ctx, storetest.NewAPIKey("tenant"))
	errs["DeleteAPIKey"] = s.DeleteAPIKey(ctx, "tenant", "id")
	_, errs["Sweep"] = s.Sweep(ctx)
	return errs
}

// endsLater is a context that ends after the queueing of a write, without closing Done.
type endsLater struct {
	context.Context
	asked int
}

func (c *endsLater) Err() error {
	if c.asked++; c.asked > 1 {
		return context.Canceled
	}
	return nil
}

// "Every write is durable when it returns."
func TestASkippedWriteReturnsAnError(t *testing.T) {
	s, start := stopped(t)
	start()
	added := newSession()
	err := s.Create(&endsLater{Context: t.Context()}, added)
	if !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, session.ErrUnavailable)
	}
	if _, _, err := s.Load(t.Context(), added.Key); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load: got %v, want %v", err, session.ErrNotFound)
	}
}
