package awsclient

import (
	"context"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// MaxAttempt bounds one attempt. The services answer in milliseconds; a connection that is silent for so long is dead.
const MaxAttempt = 2 * time.Second

// APIOptions gives every attempt a time-out of its own, behind the SDK's retries.
func APIOptions() []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(attemptTimeout{}, "Retry", middleware.After)
	}}
}

type attemptTimeout struct{}

func (attemptTimeout) ID() string { return "AttemptTimeout" }

func (attemptTimeout) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	var out middleware.FinalizeOutput
	var metadata middleware.Metadata
	err := Attempt(ctx, func(ctx context.Context) (err error) {
		out, metadata, err = next.HandleFinalize(ctx, in)
		return err
	})
	return out, metadata, err
}

// Attempt makes one attempt. It ends after half of what is left until the context's deadline, so that there is always
// time for another one, and after MaxAttempt at the latest.
func Attempt(ctx context.Context, do func(context.Context) error) error {
	timeout := MaxAttempt
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/2)
	}
	attempt, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := do(attempt)
	if err != nil && attempt.Err() != nil && ctx.Err() == nil {
		return attemptTimeoutError{} // and not the SDK's "canceled", which it would not retry
	}
	return err
}

// attemptTimeoutError is an attempt without an answer. The SDK retries what says that it timed out.
type attemptTimeoutError struct{}

func (attemptTimeoutError) Error() string { return "no answer in time" }
func (attemptTimeoutError) Timeout() bool { return true }
