package dynamo

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Create is one PutItem that replaces nothing.
func (s *Store) Create(ctx context.Context, created session.Session) error {
	return s.add(ctx, "PutItem (create session)", sessionItem(created), attrSecretHash)
}

// add puts an item where there is none. An item with the same secret hash, which its caller drew at random, is
// what an earlier attempt of this very request has left, its answer being lost.
func (s *Store) add(ctx context.Context, operation string, added item, hash string) error {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &s.Table,
		Item:                                added,
		ConditionExpression:                 aws.String("attribute_not_exists(PK)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, refused := refusedBy(err); refused {
		mine, theirs := added[hash].(*types.AttributeValueMemberB), old[hash]
		if b, ok := theirs.(*types.AttributeValueMemberB); ok && bytes.Equal(b.Value, mine.Value) {
			return nil
		}
		return fmt.Errorf("%s: it exists already", operation)
	}
	if err != nil {
		return failed(operation, err)
	}
	return nil
}

// Delete is one DeleteItem on the condition that there is something to delete: that is what tells the loser of a
// race that it lost, on DynamoDB Local too, where an unconditional one may answer twice with the same item. If
// DynamoDB's answer is lost, the SDK repeats the request and the answer is ErrNoSession, although it was this call
// that deleted; see the package's doc.
func (s *Store) Delete(ctx context.Context, key session.Key) (session.Session, error) {
	const operation = "DeleteItem (session)"
	out, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:           &s.Table,
		Key:                 sessionKey(key),
		ConditionExpression: aws.String("attribute_exists(PK)"),
		ReturnValues:        types.ReturnValueAllOld,
	})
	if _, refused := refusedBy(err); refused {
		return session.Session{}, session.ErrNoSession
	}
	if err != nil {
		return session.Session{}, failed(operation, err)
	}
	old, err := decodeSession(key, out.Attributes)
	return old, decoded(operation, err)
}

// EndReused is one UpdateItem, after which the session has expired, and one DeleteItem. A deletion says nothing to
// the table's stream of why it happened, so the write before it, which already ends the session, does. Whatever
// becomes of the deletion, the session is over and the reuse must be told; the table's TTL removes what is left.
func (s *Store) EndReused(ctx context.Context, key session.Key) error {
	const operation = "UpdateItem (end reused session)"
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Table,
		Key:                       sessionKey(key),
		UpdateExpression:          aws.String("SET " + attrEnded + " = :why, " + attrIdleEnd + " = :past"),
		ConditionExpression:       aws.String("attribute_exists(PK)"),
		ExpressionAttributeValues: item{":why": text(endedByReuse), ":past": number(int64(0))},
	})
	if _, refused := refusedBy(err); refused {
		return session.ErrNoSession
	}
	if err != nil {
		return failed(operation, err)
	}
	_, _ = s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: sessionKey(key)})
	return nil
}

// DeleteBatch is one BatchWriteItem per 25 sessions, a few of them at once.
func (s *Store) DeleteBatch(ctx context.Context, keys []session.Key) error {
	remains := make([]item, len(keys))
	for n, key := range keys {
		remains[n] = sessionKey(key)
	}
	return s.batchDelete(ctx, "BatchWriteItem (delete sessions)", remains)
}
