package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const (
	maxBatchWrite = 25 // DynamoDB's limit for one BatchWriteItem
	batchWriters  = 4
)

// batchDelays are the waits before the unprocessed rest of a batch is requested again. They grow, because DynamoDB leaves
// a rest when it throttles a partition.
var batchDelays = []time.Duration{
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
}

// batchGet reads up to 100 distinct items, strongly consistently.
func (s *Store) batchGet(ctx context.Context, operation string, keys []item) (map[rowKey]item, error) {
	rows := map[rowKey]item{}
	err := s.untilProcessed(ctx, operation, keys, func(keys []item) ([]item, error) {
		out, err := s.Client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{
				s.Table: {Keys: raw(keys), ConsistentRead: aws.Bool(true)},
			},
		})
		if err != nil {
			return nil, failed(operation, err)
		}
		var rest []item
		for _, stored := range out.Responses[s.Table] {
			rows[keyOf(stored)] = stored
		}
		for _, unprocessed := range out.UnprocessedKeys {
			rest = append(rest, items(unprocessed.Keys)...)
		}
		return rest, nil
	})
	return rows, err
}

// batchDelete deletes items in any order. After an error some of them may remain.
func (s *Store) batchDelete(ctx context.Context, operation string, keys []item) error {
	// DynamoDB refuses a batch with a repeated key.
	slices.SortFunc(keys, func(a, b item) int { return keyOf(a).compare(keyOf(b)) })
	keys = slices.CompactFunc(keys, func(a, b item) bool { return keyOf(a) == keyOf(b) })

	chunks := slices.Collect(slices.Chunk(keys, maxBatchWrite))
	errs := make([]error, len(chunks))
	next := make(chan int)
	var writers sync.WaitGroup
	for range min(batchWriters, len(chunks)) {
		writers.Go(func() {
			for n := range next {
				errs[n] = s.untilProcessed(ctx, operation, chunks[n], func(keys []item) ([]item, error) {
					return s.deleteOnce(ctx, operation, keys)
				})
			}
		})
	}
	for n := range chunks {
		next <- n
	}
	close(next)
	writers.Wait()
	return errors.Join(errs...)
}

// deleteOnce returns the unprocessed keys.
func (s *Store) deleteOnce(ctx context.Context, operation string, keys []item) ([]item, error) {
	requests := make([]types.WriteRequest, len(keys))
	for n, key := range keys {
		requests[n] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}}
	}
	out, err := s.Client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{s.Table: requests},
	})
	if err != nil {
		return nil, failed(operation, err)
	}
	var rest []item
	for _, unprocessed := range out.UnprocessedItems {
		for _, request := range unprocessed {
			rest = append(rest, request.DeleteRequest.Key)
		}
	}
	return rest, nil
}

// untilProcessed repeats a request with its unprocessed rest.
func (s *Store) untilProcessed(
	ctx context.Context, operation string, keys []item, request func([]item) (rest []item, err error),
) error {
	for attempt := 0; ; attempt++ {
		rest, err := request(keys)
		if err != nil || len(rest) == 0 {
			return err
		}
		if attempt == len(batchDelays) {
			return fmt.Errorf("%s: %w: %d items unprocessed", operation, session.ErrUnavailable, len(rest))
		}
		if err := s.Sleep(ctx, batchDelays[attempt]); err != nil {
			return failed(operation, err)
		}
		keys = rest
	}
}

func raw(keys []item) []map[string]types.AttributeValue {
	out := make([]map[string]types.AttributeValue, len(keys))
	for n, key := range keys {
		out[n] = key
	}
	return out
}

func items(stored []map[string]types.AttributeValue) []item {
	out := make([]item, len(stored))
	for n, one := range stored {
		out[n] = one
	}
	return out
}
