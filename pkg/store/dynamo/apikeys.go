package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// PutAPIKey is one PutItem that replaces nothing.
func (s *Store) PutAPIKey(ctx context.Context, key session.APIKey) error {
	return s.add(ctx, "PutItem (API key)", apiKeyItem(key), attrKeyHash)
}

// DeleteAPIKey is one DeleteItem on the condition that the key is the tenant's.
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
