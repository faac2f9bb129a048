package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteApplication is one UpdateItem on the condition of epoch and version, or more, see copies.go.
func (s *Store) DeleteApplication(ctx context.Context, app session.Application, at time.Time) (session.Ending, error) {
	const operation = "UpdateItem (delete application)"
	stored, written, err := s.writeApplication(ctx, applicationWrite{
		operation: operation, tenant: app.Tenant, id: app.ID, writer: attrEnder,
		expected: item{
			attrAppEpoch: number(app.Epoch), attrAppVersion: number(app.Version), attrDeletedAt: nil,
		},
		set: item{
			attrAppEpoch: number(app.Epoch + 1), attrAppVersion: number(app.Version + 1), attrDeletedAt: millis(at),
		},
	})
	switch {
	case err != nil:
		return session.Ending{}, err
	case len(stored) == 0:
		return session.Ending{}, session.ErrNoApplication
	case !written && stored[attrDeletedAt] == nil:
		return session.Ending{}, session.ErrChanged
	}
	r := reader{item: stored}
	ending := session.Ending{Epoch: r.number(attrAppEpoch, 64), Own: written}
	return ending, decoded(operation, r.err)
}

// ListApplications is one strongly consistent Query. A page of deleted ones alone is read past.
func (s *Store) ListApplications(ctx context.Context, tenant string, page session.Page) ([]session.Application, bool, error) {
	const operation = "Query (applications)"
	input := s.list(tenantPartition(tenant), sortOfApplications, page)
	for {
		out, err := s.Client.Query(ctx, input)
		if err != nil {
			return nil, false, failed(operation, err)
		}
		var apps []session.Application
		for _, stored := range out.Items {
			id, ok := idOf(stored, sortOfApplications)
			if !ok {
				return nil, false, decoded(operation, errMalformedKey)
			}
			app, err := decodeApplication(tenant, id, stored)
			if errors.Is(err, session.ErrNoApplication) {
				continue
			}
			if err != nil {
				return nil, false, decoded(operation, err)
			}
			apps = append(apps, app)
		}
		more := len(out.LastEvaluatedKey) > 0
		if !more || len(apps) > 0 {
			return apps, more, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// ListTenants is one strongly consistent Query.
func (s *Store) ListTenants(ctx context.Context, page session.Page) ([]string, bool, error) {
	const operation = "Query (tenants)"
	out, err := s.Client.Query(ctx, s.list(partitionOfTenants, sortOfTenants, page))
	if err != nil {
		return nil, false, failed(operation, err)
	}
	tenants := make([]string, len(out.Items))
	for n, stored := range out.Items {
		var ok bool
		if tenants[n], ok = idOf(stored, sortOfTenants); !ok {
			return nil, false, decoded(operation, errMalformedKey)
		}
	}
	return tenants, len(out.LastEvaluatedKey) > 0, nil
}

// list queries the items of a partition whose sort keys have a prefix, in ascending order.
func (s *Store) list(partition, prefix string, page session.Page) *dynamodb.QueryInput {
	input := &dynamodb.QueryInput{
		TableName:                 &s.Table,
		KeyConditionExpression:    aws.String("PK = :partition AND begins_with(SK, :prefix)"),
		ExpressionAttributeValues: item{":partition": text(partition), ":prefix": text(prefix)},
		ConsistentRead:            aws.Bool(true),
	}
	if page.Limit > 0 {
		input.Limit = aws.Int32(int32(min(page.Limit, maxPage)))
	}
	if page.After != "" {
		input.ExclusiveStartKey = primaryKey(partition, prefix+escape(page.After))
	}
	return input
}
