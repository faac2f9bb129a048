package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Application is one strongly consistent GetItem.
func (s *Store) Application(ctx context.Context, tenant, id string) (session.Application, error) {
	const operation = "GetItem (application)"
	stored, err := s.get(ctx, operation, applicationKey(tenant, id))
	if err == nil && len(stored) == 0 {
		err = session.ErrNoApplication
	}
	if err != nil {
		return session.Application{}, err
	}
	app, err := decodeApplication(tenant, id, stored)
	return app, decoded(operation, err)
}

// Applications is one strongly consistent BatchGetItem, and one more where copies are missing; none for no ids.
func (s *Store) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]session.Application, error) {
	const operation = "BatchGetItem (applications)"
	at := map[string]item{}
	for _, id := range ids {
		at[id] = s.applicationOf(session.Key{Tenant: tenant, User: user, Application: id})
	}
	apps := map[string]session.Application{}
	if len(at) == 0 {
		return apps, nil
	}
	rows, err := s.batchGetOriginals(ctx, operation, slices.Collect(maps.Values(at)))
	if err != nil {
		return nil, err
	}
	for id, key := range at {
		if stored, found := rows[keyOf(key)]; found {
			app, err := decodeApplication(tenant, id, stored)
			if errors.Is(err, session.ErrNoApplication) {
				continue
			}
			if err != nil {
				return nil, decoded(operation, err)
			}
			apps[id] = app
		}
	}
	return apps, nil
}

// PutApplication is one UpdateItem on the condition of the version, or more; a new application is one TransactWriteItems.
// See copies.go.
func (s *Store) PutApplication(ctx context.Context, app session.Application) (session.Application, error) {
	const operation = "UpdateItem (put application)"
	settings, err := json.Marshal(app.Settings)
	if err != nil {
		return session.Application{}, fmt.Errorf("%s: %w", operation, err)
	}
	w := applicationWrite{
		operation: operation, tenant: app.Tenant, id: app.ID, addsCopies: true,
		expected: item{attrAppVersion: number(app.Version), attrDeletedAt: nil},
		writer:   attrWriter,
		set: item{
			attrName: text(app.Name), attrSettings: text(string(settings)), attrAppVersion: number(app.Version + 1),
		},
	}
	write := s.writeApplication
	if app.Version == 0 {
		write = s.makeApplication
	}
	stored, written, err := write(ctx, w)
	if err == nil && !written {
		err = session.ErrChanged
	}
	if err != nil {
		return session.Application{}, err
	}
	result, err := decodeApplication(app.Tenant, app.ID, stored)
	return result, decoded(operation, err)
}

// AdvanceEpoch is one UpdateItem on the condition of the epoch, or more, see copies.go. Where the epoch is greater,
// another deletion advanced it, or an earlier attempt of this one, whose answer was lost.
func (s *Store) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	const operation = "UpdateItem (advance epoch)"
	stored, written, err := s.writeApplication(ctx, applicationWrite{
		operation: operation, tenant: tenant, id: id, writer: attrEnder,
		expected: item{attrAppEpoch: number(from), attrDeletedAt: nil}, set: item{attrAppEpoch: number(from + 1)},
	})
	if err == nil && (len(stored) == 0 || stored[attrDeletedAt] != nil) {
		err = session.ErrNoApplication
	}
	if err != nil {
		return session.Ending{}, err
	}
	r := reader{item: stored}
	ending := session.Ending{Epoch: r.number(attrAppEpoch, 64), Own: written}
	return ending, decoded(operation, r.err)
}

// get reads one item, strongly consistently. A missing item is empty.
func (s *Store) get(ctx context.Context, operation string, key item) (item, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Table, Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, failed(operation, err)
	}
	return out.Item, nil
}
