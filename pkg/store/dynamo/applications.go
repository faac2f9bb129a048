package dynamo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Application is one strongly consistent GetItem.
func (s *Store) Application(ctx context.Context, tenant, id string) (session.Application, error) {
	const operation = "GetItem (application)"
	stored, err := s.get(ctx, operation, applicationKey(tenant, id))
	if err != nil {
		return session.Application{}, err
	}
	if len(stored) == 0 {
		return session.Application{}, session.ErrNoApplication
	}
	app, err := decodeApplication(tenant, id, stored)
	return app, decoded(operation, err)
}

// Applications is one strongly consistent BatchGetItem; none for no ids.
func (s *Store) Applications(ctx context.Context, tenant string, ids []string) (map[string]session.Application, error) {
	const operation = "BatchGetItem (applications)"
	byKey := map[rowKey]string{}
	var wanted []item
	for _, id := range ids {
		key := applicationKey(tenant, id)
		if _, twice := byKey[keyOf(key)]; !twice {
			byKey[keyOf(key)] = id
			wanted = append(wanted, key)
		}
	}
	apps := map[string]session.Application{}
	if len(wanted) == 0 {
		return apps, nil
	}
	found, err := s.batchGet(ctx, operation, wanted)
	if err != nil {
		return nil, err
	}
	for _, stored := range found {
		id := byKey[keyOf(stored)]
		if apps[id], err = decodeApplication(tenant, id, stored); err != nil {
			return nil, decoded(operation, err)
		}
	}
	return apps, nil
}

// PutApplication is one UpdateItem; an epoch that is there stays.
func (s *Store) PutApplication(ctx context.Context, app session.Application) (session.Application, error) {
	const operation = "UpdateItem (put application)"
	settings, err := json.Marshal(app.Settings)
	if err != nil {
		return session.Application{}, fmt.Errorf("%s: %w", operation, err)
	}
	out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:        &s.Table,
		Key:              applicationKey(app.Tenant, app.ID),
		UpdateExpression: aws.String("SET #name = :name, #settings = :settings, epoch = if_not_exists(epoch, :zero)"),
		ExpressionAttributeNames: map[string]string{
			"#name": attrName, "#settings": attrSettings,
		},
		ExpressionAttributeValues: item{
			":name": text(app.Name), ":settings": text(string(settings)), ":zero": number(uint64(0)),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return session.Application{}, failed(operation, err)
	}
	stored, err := decodeApplication(app.Tenant, app.ID, out.Attributes)
	return stored, decoded(operation, err)
}

// AdvanceEpoch is one UpdateItem. When the SDK repeats it after a lost answer the epoch may advance by two,
// which ends the same sessions.
func (s *Store) AdvanceEpoch(ctx context.Context, tenant, id string) (uint64, error) {
	const operation = "UpdateItem (advance epoch)"
	out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Table,
		Key:                       applicationKey(tenant, id),
		UpdateExpression:          aws.String("SET epoch = epoch + :one"),
		ConditionExpression:       aws.String("attribute_exists(PK)"),
		ExpressionAttributeValues: item{":one": number(uint64(1))},
		ReturnValues:              types.ReturnValueUpdatedNew,
	})
	if _, refused := refusedBy(err); refused {
		return 0, session.ErrNoApplication
	}
	if err != nil {
		return 0, failed(operation, err)
	}
	r := reader{item: out.Attributes}
	epoch := r.number(attrAppEpoch, 64)
	return epoch, decoded(operation, r.err)
}

// get reads one item, strongly consistently; it is empty if there is none.
func (s *Store) get(ctx context.Context, operation string, key item) (item, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Table, Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, failed(operation, err)
	}
	return out.Item, nil
}
