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
	// keepReadingFor is how long a refresh goes on reading an application after its write was applied.
	keepReadingFor = 3 * time.Second
	// beforeDeadline is what it leaves of the invocation's time for its answer.
	beforeDeadline = 250 * time.Millisecond
	readAgainAfter = 50 * time.Millisecond
)

// reads remembers whether the latest read of an application in this container succeeded, and when. A store whose
// reads fail while its writes succeed would rotate tokens whose holders get no answer: see law 4, "a write that was
// applied is answered".
type reads struct{ succeeded atomic.Int64 } // unix milliseconds; 0 after a failure and before the first read

// trusted says whether a write may go ahead without a read before it.
func (r *reads) trusted(now time.Time) bool {
	since := now.UnixMilli() - r.succeeded.Load()
	return r.succeeded.Load() != 0 && since < trustReadsFor.Milliseconds()
}

// note remembers how a read ended. An application that does not exist was read.
func (r *reads) note(now time.Time, err error) {
	if err != nil && !errors.Is(err, ErrNoApplication) {
		r.succeeded.Store(0)
		return
	}
	r.succeeded.Store(now.UnixMilli())
}

// application reads the session's application.
func (f Refresher) application(ctx context.Context, key Key) (app Application, err error) {
	// A panic in a goroutine would end the process, and with it the requests of everybody else.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic (%T)", p)
		}
	}()
	app, err = f.store.ApplicationOf(ctx, key)
	f.reads.note(f.minter.clock.now(), err)
	return app, err
}

// write makes the conditional write and reads the application beside it, or before it where this container cannot
// trust its reads: then an outage refuses before anything rotates.
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

// keepReading reads the application of a session that was rotated until it can be read, for three seconds or until
// shortly before the deadline.
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
