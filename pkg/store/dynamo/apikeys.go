package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// ListAPIKeys is one strongly consistent Query, and one more for each megabyte.
func (s *Store) ListAPIKeys(ctx context.Context, tenant string) (all []session.APIKey, err error) {
	const operation = "Query (API keys)"
	input := s.list(tenantPartition(tenant), sortOfAPIKeys, session.Page{})
	for {
		out, err := s.Client.Query(ctx, input)
		if err != nil {
			return nil, failed(operation, err)
		}
		for _, stored := range out.Items {
			id, ok := idOf(stored, sortOfAPIKeys)
			if !ok {
				return nil, decoded(operation, errMalformedKey)
			}
			key, err := decodeAPIKey(id, stored)
			if err != nil {
				return nil, decoded(operation, err)
			}
			all = append(all, key)
		}
		if len(out.LastEvaluatedKey) == 0 {
			return all, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// PutAPIKey is one TransactWriteItems of the key and its place in the list, which replaces nothing.
func (s *Store) PutAPIKey(ctx context.Context, key session.APIKey) error {
	const operation = "TransactWriteItems (API key)"
	refused, err := s.transact(ctx, operation, s.putAPIKey(key, "attribute_not_exists(PK)", nil))
	if err == nil && refused != nil {
		err = fmt.Errorf("%s: it exists already", operation)
	}
	return err
}

// RotateAPIKey is one TransactWriteItems of both keys and their places in the list.
func (s *Store) RotateAPIKey(ctx context.Context, old session.APIKey, expiresAt time.Time, added session.APIKey) error {
	const operation = "TransactWriteItems (rotate API key)"
	condition, values := "attribute_exists(PK) AND attribute_not_exists(expiresAt)", item(nil)
	if !old.ExpiresAt.IsZero() {
		condition, values = "expiresAt = :was", item{":was": millis(old.ExpiresAt)}
	}
	old.ExpiresAt = expiresAt
	refused, err := s.transact(ctx, operation, append(
		s.putAPIKey(old, condition, values), s.putAPIKey(added, "attribute_not_exists(PK)", nil)...,
	))
	switch {
	case err != nil || refused == nil:
		return err
	case !isRefusal(refused[0]):
		return fmt.Errorf("%s: it exists already", operation)
	case len(refused[0].Item) == 0:
		return session.ErrNoAPIKey
	}
	return session.ErrChanged
}

// putAPIKey puts a key on a condition, and what the list of its tenant shows of it.
func (s *Store) putAPIKey(key session.APIKey, condition string, values item) []types.TransactWriteItem {
	return []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &s.Table, Item: apiKeyItem(key), ConditionExpression: &condition, ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		{Put: &types.Put{TableName: &s.Table, Item: listedItem(key)}},
	}
}

// DeleteAPIKey is one TransactWriteItems of the key and its place in the list, on the condition that the tenant owns it.
func (s *Store) DeleteAPIKey(ctx context.Context, tenant, id string) error {
	refused, err := s.transact(ctx, "TransactWriteItems (delete API key)", []types.TransactWriteItem{
		{Delete: &types.Delete{
			TableName: &s.Table, Key: apiKeyKey(id), ConditionExpression: aws.String("tenantId = :tenant"),
			ExpressionAttributeValues: item{":tenant": text(tenant)},
		}},
		{Delete: &types.Delete{TableName: &s.Table, Key: listedKey(tenant, id)}},
	})
	if err == nil && refused != nil {
		err = session.ErrNoAPIKey
	}
	return err
}
