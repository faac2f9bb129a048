package dynamo

import (
	"context"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// maxAttempt bounds one attempt. DynamoDB answers in single milliseconds; a connection that is silent for so
// long is dead.
const maxAttempt = 2 * time.Second

// addAttemptTimeout gives every attempt a time-out of its own, behind the SDK's retries.
func addAttemptTimeout(stack *middleware.Stack) error {
	return stack.Finalize.Insert(attemptTimeout{}, "Retry", middleware.After)
}

// attemptTimeout ends an attempt after half of what is left until the context's deadline, so that there is always
// time for another one, and after maxAttempt at the latest.
type attemptTimeout struct{}

func (attemptTimeout) ID() string { return "AttemptTimeout" }

func (attemptTimeout) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	timeout := maxAttempt
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/2)
	}
	attempt, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, metadata, err := next.HandleFinalize(attempt, in)
	if err != nil && attempt.Err() != nil && ctx.Err() == nil {
		err = attemptTimeoutError{} // and not the SDK's "canceled", which it would not retry
	}
	return out, metadata, err
}

// attemptTimeoutError is an attempt without an answer. The SDK retries what says that it timed out.
type attemptTimeoutError struct{}

func (attemptTimeoutError) Error() string { return "no answer in time" }
func (attemptTimeoutError) Timeout() bool { return true }
