package embedded

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// write is one caller's change, waiting for a transaction.
type write struct {
	ended func() error // Err of the caller's context
	do    func(*transaction)
	done  chan error // the result of the transaction
}

// queue holds the waiting writes.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting []*write
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed.L = &q.mu
	return q
}

func (q *queue) add(w *write) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return unavailable(errClosed)
	}
	q.waiting = append(q.waiting, w)
	q.changed.Signal()
	return nil
}

// take waits for writes and returns all of them, or none once the queue is closed and empty. It reuses spare for later
// ones.
func (q *queue) take(spare []*write) []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	batch := q.waiting
	q.waiting = spare[:0]
	return batch
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Signal()
}

// commitAll runs in the one goroutine that writes.
func (s *Store) commitAll() {
	var spare []*write
	for {
		batch := s.queue.take(spare)
		if len(batch) == 0 {
			return
		}
		err := s.commit(batch)
		for _, w := range batch {
			w.done <- err
		}
		// The callers just answered often have their next write ready, which can join the next transaction.
		runtime.Gosched()
		clear(batch)
		spare = batch
	}
}

func (s *Store) commit(batch []*write) error {
	var changes []session.Change
	err := s.db.Update(func(tx *bbolt.Tx) error {
		t := &transaction{Tx: tx}
		if s.changed != nil {
			t.changes = &changed{now: s.now()}
		}
		for _, w := range batch {
			if w.ended() == nil { // otherwise its caller has left
				w.do(t)
			}
		}
		if t.changes != nil {
			changes = t.changes.all
		}
		return t.failed
	})
	if err != nil {
		return unavailable(fmt.Errorf("commit: %w", err))
	}
	if len(changes) > 0 {
		s.changed(changes)
	}
	return nil
}

// transaction is a write transaction that several callers share. Each decides before it writes, so a refusal leaves
// nothing to undo. A write that the database refuses fails the transaction for all.
type transaction struct {
	*bbolt.Tx

	failed  error
	changes *changed // nil where nobody wants them
}

func (t *transaction) put(bucket string, key, value []byte) {
	t.note(t.Bucket([]byte(bucket)).Put(key, value))
}

func (t *transaction) remove(bucket string, key []byte) {
	t.note(t.Bucket([]byte(bucket)).Delete(key))
}

func (t *transaction) note(err error) {
	if t.failed == nil {
		t.failed = err
	}
}

// update runs do in a transaction shared with all other waiting callers, and returns when it is durable. If the context
// ends first, the write may or may not happen.
func update[T any](ctx context.Context, s *Store, do func(*transaction) (T, error)) (T, error) {
	var result, none T
	verdict := unavailable(context.Canceled) // of a skipped write
	w := &write{ended: ctx.Err, done: make(chan error, 1), do: func(t *transaction) { result, verdict = do(t) }}
	if err := ctx.Err(); err != nil {
		return none, unavailable(err)
	}
	if err := s.queue.add(w); err != nil {
		return none, err
	}
	select {
	case err := <-w.done:
		if err != nil {
			return none, err
		}
		return result, verdict
	case <-ctx.Done():
		return none, unavailable(ctx.Err())
	}
}
