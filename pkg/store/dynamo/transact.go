package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// transact sends a transaction until no other write is in its way. A refused one returns why, one reason for each item.
//
// The SDK gives its repetitions of one request one ClientRequestToken, by which DynamoDB recognizes them for ten minutes:
// one that arrives late has no effect. An attempt after a canceled one, which had none, has a token of its own.
func (s *Store) transact(
	ctx context.Context, operation string, items []types.TransactWriteItem,
) (refused []types.CancellationReason, err error) {
	for attempt := 0; ; attempt++ {
		_, err := s.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
		var canceled *types.TransactionCanceledException
		switch {
		case err == nil:
			return nil, nil
		case !errors.As(err, &canceled):
			return nil, failed(operation, err)
		case slices.ContainsFunc(canceled.CancellationReasons, isRefusal):
			return canceled.CancellationReasons, nil
		case !slices.ContainsFunc(canceled.CancellationReasons, isTransient):
			return nil, failed(operation, err)
		}
		if err := s.backOff(ctx, operation, attempt); err != nil {
			return nil, err
		}
	}
}

// isRefusal reports whether the condition of an item refused a transaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func isRefusal(r types.CancellationReason) bool {
	return aws.ToString(r.Code) == "ConditionalCheckFailed"
}

// isTransient reports whether another attempt of a transaction may succeed.
func isTransient(r types.CancellationReason) bool {
	switch aws.ToString(r.Code) {
	case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		return true
	}
	return false
}

// maxRewrites bounds the attempts of a write while others change the same items; 32 may do so at once.
const maxRewrites = 64

// backOff waits a random time before another attempt.
func (s *Store) backOff(ctx context.Context, operation string, attempt int) error {
	if attempt == maxRewrites {
		return fmt.Errorf("%s: %w: others change the same items", operation, session.ErrUnavailable)
	}
	longest := batchDelays[min(attempt, len(batchDelays)-1)]
	if err := s.Sleep(ctx, rand.N(longest)); err != nil { //nolint:gosec // not a secret
		return failed(operation, err)
	}
	return nil
}

// expression is an update on a condition.
type expression struct {
	update    string
	condition *string
	names     map[string]string
	values    item
}

// newExpression sets attributes; it removes those that are nil.
func newExpression(set item) *expression {
	e := &expression{names: map[string]string{}, values: item{}}
	var sets, removes []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		e.names["#"+name] = name
		if set[name] == nil {
			removes = append(removes, "#"+name)
			continue
		}
		e.values[":"+name] = set[name]
		sets = append(sets, "#"+name+" = :"+name)
	}
	e.update = "SET " + strings.Join(sets, ", ")
	if len(removes) > 0 {
		e.update += " REMOVE " + strings.Join(removes, ", ")
	}
	return e
}

// require adds to the condition that attributes have these values; nil is a missing one.
func (e *expression) require(attributes item) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		condition := "attribute_not_exists(#" + name + ")"
		if value := attributes[name]; value != nil {
			condition, e.values[":old_"+name] = "#"+name+" = :old_"+name, value
		}
		if e.names["#"+name] = name; e.condition != nil {
			condition = *e.condition + " AND " + condition
		}
		e.condition = &condition
	}
}
