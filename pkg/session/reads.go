package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// trustReadsFor is how long after a successful read of an application a refresh may write before it reads.
	trustReadsFor = 60 * time.Second
	// keepReadingFor is how long a refresh keeps reading an application after its write was applied.
	keepReadingFor = 3 * time.Second
	// beforeDeadline is the time that a refresh leaves for its answer before the deadline of the invocation.
	beforeDeadline = 250 * time.Millisecond
	readAgainAfter = 50 * time.Millisecond
)

// reads records whether the latest read of an application in this container succeeded, and when. While reads fail and
// writes succeed, a refresh could rotate a token and have no answer. Law 4 demands an answer to every applied write.
type reads struct{ succeeded atomic.Int64 } // unix milliseconds; 0 after a failure and before the first read

// trusted reports whether a write needs no read before it.
func (r *reads) trusted(now time.Time) bool {
	since := now.UnixMilli() - r.succeeded.Load()
	return r.succeeded.Load() != 0 && since < trustReadsFor.Milliseconds()
}

// note records how a read ended. A read that finds no application counts as a success.
func (r *reads) note(now time.Time, err error) {
	if err != nil && !errors.Is(err, ErrNoApplication) {
		r.succeeded.Store(0)
		return
	}
	r.succeeded.Store(now.UnixMilli())
}

// application reads the session's application.
func (f Refresher) application(ctx context.Context, key Key) (app Application, err error) {
	// A panic in a goroutine would end the process, with all its requests.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic (%T)", p)
		}
	}()
	app, err = f.store.ApplicationOf(ctx, key)
	f.reads.note(f.minter.clock.now(), err)
	return app, err
}

// write makes the conditional write and reads the application in parallel. It reads first if reads are not trusted, so
// that an outage refuses before anything rotates.
func (a attempt) write(ctx context.Context) (session Session, app Application, applied bool, err error) {
	var appErr error
	if a.reads.trusted(a.rotation.Now) {
		read := make(chan struct{})
		go func() {
			defer close(read)
			app, appErr = a.application(ctx, a.rotation.Key)
		}()
		session, applied, err = a.store.Rotate(ctx, a.rotation)
		<-read
		if applied && errors.Is(appErr, ErrUnavailable) {
			app, appErr = a.keepReading(ctx)
		}
	} else if app, appErr = a.application(ctx, a.rotation.Key); appErr == nil {
		session, applied, err = a.store.Rotate(ctx, a.rotation)
	}
	switch {
	case errors.Is(appErr, ErrNoApplication):
		return session, app, false, ErrApplicationGone
	case appErr != nil:
		return session, app, false, fmt.Errorf("read application: %w", appErr)
	case errors.Is(err, ErrNoSession):
		return session, app, false, ErrUnknown
	case err != nil:
		return session, app, false, fmt.Errorf("rotate session: %w", err)
	}
	return session, app, applied, nil
}

// keepReading reads the application of a rotated session until a read succeeds. It ends after three seconds, or shortly
// before the deadline.
func (a attempt) keepReading(ctx context.Context) (app Application, err error) {
	limit := keepReadingFor
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-beforeDeadline)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for range keepReadingFor / readAgainAfter {
		app, err = a.application(ctx, a.rotation.Key)
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			break
		}
		a.minter.wait(ctx, readAgainAfter)
	}
	return app, err
}
