package dynamo

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Create is one attempt of one PutItem that replaces nothing.
func (s *Store) Create(ctx context.Context, created session.Session) error {
	const operation = "PutItem (create session)"
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:           &s.Table,
		Item:                sessionItem(created),
		ConditionExpression: aws.String("attribute_not_exists(PK)"),
	}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	if _, refused := refusedBy(err); refused {
		return fmt.Errorf("%s: it exists already", operation)
	}
	if err != nil {
		return failed(operation, err)
	}
	return nil
}

// Delete is one DeleteItem on the condition that the session exists. So the loser of a race learns that it lost, on
// DynamoDB Local too, where two unconditional ones may return the same item. After a lost answer the SDK repeats the
// request, and Delete returns ErrPerhapsDeleted although its first attempt deleted.
func (s *Store) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	const operation = "DeleteItem (session)"
	condition, values := deletion(d)
	attempts := 0
	out, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                           &s.Table,
		Key:                                 sessionKey(d.Key),
		ConditionExpression:                 &condition,
		ExpressionAttributeValues:           values,
		ReturnValues:                        types.ReturnValueAllOld,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, counting(&attempts))
	if old, refused := refusedBy(err); refused {
		if len(old) == 0 && attempts > 1 {
			return session.Session{}, session.ErrPerhapsDeleted
		}
		if len(old) == 0 {
			return session.Session{}, session.ErrNoSession
		}
		stands, err := decodeSession(d.Key, old)
		return stands, cmp.Or(decoded(operation, err), session.ErrChanged)
	}
	if err != nil {
		return session.Session{}, failed(operation, err)
	}
	old, err := decodeSession(d.Key, out.Attributes)
	return old, decoded(operation, err)
}

// counting counts the attempts of a request, the SDK's own included.
func counting(attempts *int) func(*dynamodb.Options) {
	count := middleware.FinalizeMiddlewareFunc("CountAttempts", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		*attempts++
		return next.HandleFinalize(ctx, in)
	})
	return func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(count, "Retry", middleware.After)
		})
	}
}

// deletion is session.Deletion.Permits, term by term.
func deletion(d session.Deletion) (condition string, values item) {
	condition = "attribute_exists(PK)"
	if (d.Root != token.RootHash{}) {
		condition, values = condition+" AND rh = :root", item{":root": binary(d.Root[:])}
	}
	if !d.IdleExpiresAt.IsZero() {
		if values == nil {
			values = item{}
		}
		condition, values[":idle"] = condition+" AND ie = :idle", millis(d.IdleExpiresAt)
	}
	return condition, values
}

// DeleteBatch is one BatchWriteItem per 25 sessions, up to four at a time.
func (s *Store) DeleteBatch(ctx context.Context, keys []session.Key) error {
	remains := make([]item, len(keys))
	for n, key := range keys {
		remains[n] = sessionKey(key)
	}
	return s.batchDelete(ctx, "BatchWriteItem (delete sessions)", remains)
}
