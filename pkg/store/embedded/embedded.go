package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DefaultSweepEvery is the time between searches for expired sessions.
const DefaultSweepEvery = time.Minute

// Options of a store. The zero value is usable.
type Options struct {
	Now        func() time.Time // the sweeper's clock; nil: time.Now
	SweepEvery time.Duration    // 0: DefaultSweepEvery
	Log        *slog.Logger     // of errors of the sweeper; nil: none
	// Unrecorded is told of an entry of the history that could not be written; nil for nobody.
	Unrecorded func(context.Context, session.Entry, error)
	// Changed gets the changes of each commit, in order, before their callers are answered; nil for nobody. It has no
	// refreshes, and must not call the store.
	Changed func([]session.Change)
}

// Store is a session.Store in one file.
type Store struct {
	db    *bbolt.DB
	queue *queue
	now   func() time.Time
	log   *slog.Logger

	unrecorded func(context.Context, session.Entry, error)
	changed    func([]session.Change)

	stop       context.CancelFunc
	background sync.WaitGroup
	closing    sync.Once
	closed     error
}

var _ session.Store = (*Store)(nil)

// Open opens the store in the file at path, creating it (mode 0600) in an existing directory. A file that is in
// use, damaged or not a store is an error that names it.
func Open(path string, opts Options) (*Store, error) {
	db, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s := &Store{db: db, queue: newQueue(), now: opts.Now, log: opts.Log, unrecorded: opts.Unrecorded, changed: opts.Changed}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	every := opts.SweepEvery
	if every <= 0 {
		every = DefaultSweepEvery
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.background.Go(s.commitAll)
	s.background.Go(func() { s.sweepEvery(ctx, every) })
	return s, nil
}

// Close finishes accepted writes and releases the file. Later calls of the store return session.ErrUnavailable; a
// repeated Close does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.stop()
		s.queue.close()
		s.background.Wait()
		if err := s.db.Close(); err != nil {
			s.closed = fmt.Errorf("close store: %w", err)
		}
	})
	return s.closed
}

var errClosed = errors.New("the store is closed")

func unavailable(err error) error { return fmt.Errorf("%w: %w", session.ErrUnavailable, err) }

// view reads from the latest commit. The result of do must not point into the transaction.
func view[T any](ctx context.Context, s *Store, do func(*bbolt.Tx) (T, error)) (T, error) {
	var result, none T
	if err := ctx.Err(); err != nil {
		return none, unavailable(err)
	}
	var verdict error
	err := s.db.View(func(tx *bbolt.Tx) error {
		result, verdict = do(tx)
		return nil
	})
	if err != nil {
		return none, unavailable(err)
	}
	return result, verdict
}
