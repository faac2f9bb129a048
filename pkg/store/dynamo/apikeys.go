package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// APIKey is one strongly consistent GetItem.
func (s *Store) APIKey(ctx context.Context, id string) (session.APIKey, error) {
	const operation = "GetItem (API key)"
	stored, err := s.get(ctx, operation, apiKeyKey(id))
	if err != nil {
		return session.APIKey{}, err
	}
	if len(stored) == 0 {
		return session.APIKey{}, session.ErrNoAPIKey
	}
	key, err := decodeAPIKey(id, stored)
	return key, decoded(operation, err)
}

// PutAPIKey is a transaction of one Put that replaces nothing. The SDK adds a ClientRequestToken, by which DynamoDB
// recognizes a repetition for ten minutes. So one that arrives after a deletion has no effect.
func (s *Store) PutAPIKey(ctx context.Context, key session.APIKey) error {
	const operation = "TransactWriteItems (API key)"
	_, err := s.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{{Put: &types.Put{
			TableName:           &s.Table,
			Item:                apiKeyItem(key),
			ConditionExpression: aws.String("attribute_not_exists(PK)"),
		}}},
	})
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && aws.ToString(canceled.CancellationReasons[0].Code) == conditionFailed {
		return fmt.Errorf("%s: it exists already", operation)
	}
	if err != nil {
		return failed(operation, err)
	}
	return nil
}

// DeleteAPIKey is one DeleteItem on the condition that the tenant owns the key.
func (s *Store) DeleteAPIKey(ctx context.Context, tenant, id string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                 &s.Table,
		Key:                       apiKeyKey(id),
		ConditionExpression:       aws.String("tenantId = :tenant"),
		ExpressionAttributeValues: item{":tenant": text(tenant)},
	})
	if _, refused := refusedBy(err); refused {
		return session.ErrNoAPIKey
	}
	if err != nil {
		return failed("DeleteItem (API key)", err)
	}
	return nil
}
