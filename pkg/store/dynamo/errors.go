package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// requestError is a failed request. Its text has the operation and DynamoDB's error code, never DynamoDB's message, which
// may quote keys and values.
type requestError struct {
	text   string
	causes []error
}

func (e *requestError) Error() string   { return e.text }
func (e *requestError) Unwrap() []error { return e.causes }

// failed wraps the error of a request. Transient errors (throttling, 5xx, time-outs, connections, an unreadable answer, a
// conflict with a transaction, an ended context) are session.ErrUnavailable; all others are bugs or missing permissions.
func failed(operation string, err error) error {
	e := &requestError{text: operation + ": " + reason(err), causes: []error{err}}
	if unavailable(err) {
		e.text = fmt.Sprintf("%s: %v: %s", operation, session.ErrUnavailable, reason(err))
		e.causes = []error{session.ErrUnavailable, err}
	}
	return e
}

func unavailable(err error) bool {
	var canceled *aws.RequestCanceledError
	var unreadable *smithy.DeserializationError
	var conflict *types.TransactionConflictException
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &canceled) || errors.As(err, &unreadable) || errors.As(err, &conflict) ||
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

func reason(err error) string {
	var answered smithy.APIError
	var unreadable *smithy.DeserializationError
	switch {
	case errors.As(err, &answered):
		return answered.ErrorCode()
	case errors.As(err, &unreadable):
		return "unreadable answer"
	default:
		return err.Error()
	}
}

// refusedBy returns the item that failed a condition; it is empty if no item exists.
func refusedBy(err error) (i item, refused bool) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, false
	}
	return failed.Item, true
}

// decoded wraps an error of decoding an item.
func decoded(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
