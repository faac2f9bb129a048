package dynamo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// Applications is one strongly consistent BatchGetItem, and one more of the applications themselves where the copies
// that this user reads are missing; none for no ids.
func (s *Store) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]session.Application, error) {
	apps := map[string]session.Application{}
	read := func(key func(id string) item) error {
		return s.readApplications(ctx, tenant, ids, key, apps)
	}
	err := read(func(id string) item {
		return s.applicationOf(session.Key{Tenant: tenant, User: user, Application: id})
	})
	if err == nil && s.EpochCopies > 1 {
		err = read(func(id string) item { return applicationKey(tenant, id) })
	}
	if err != nil {
		return nil, err
	}
	return apps, nil
}

// readApplications adds to apps those that are not there, from the items of these keys.
func (s *Store) readApplications(
	ctx context.Context, tenant string, ids []string, key func(id string) item, apps map[string]session.Application,
) error {
	const operation = "BatchGetItem (applications)"
	byKey := map[rowKey]string{}
	var wanted []item
	for _, id := range ids {
		key := key(id)
		_, have := apps[id]
		if _, twice := byKey[keyOf(key)]; !twice && !have {
			byKey[keyOf(key)] = id
			wanted = append(wanted, key)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	found, err := s.batchGet(ctx, operation, wanted)
	if err != nil {
		return err
	}
	for _, stored := range found {
		id := byKey[keyOf(stored)]
		if apps[id], err = decodeApplication(tenant, id, stored); err != nil {
			return decoded(operation, err)
		}
	}
	return nil
}

// PutApplication is one UpdateItem on the condition of the version, and where there are copies what writeApplication
// says.
func (s *Store) PutApplication(ctx context.Context, app session.Application) (session.Application, error) {
	const operation = "UpdateItem (put application)"
	settings, err := json.Marshal(app.Settings)
	if err != nil {
		return session.Application{}, fmt.Errorf("%s: %w", operation, err)
	}
	w := applicationWrite{
		operation: operation, tenant: app.Tenant, id: app.ID, spreads: true,
		set:       "#name = :name, #settings = :settings, #version = :next, epoch = if_not_exists(epoch, :zero)",
		condition: "#version = :version",
		names:     map[string]string{"#name": attrName, "#settings": attrSettings, "#version": attrAppVersion},
		values: item{
			":name": text(app.Name), ":settings": text(string(settings)), ":zero": number(uint64(0)),
			":version": number(app.Version), ":next": number(app.Version + 1),
		},
		change: func(stored item) bool {
			r := reader{item: stored}
			if r.number(attrAppVersion, 64) != app.Version {
				return false
			}
			stored[attrName], stored[attrSettings] = text(app.Name), text(string(settings))
			stored[attrAppVersion] = number(app.Version + 1)
			return true
		},
	}
	if app.Version == 0 {
		w.condition = "attribute_not_exists(PK)"
		delete(w.values, ":version")
	}
	stored, written, err := s.writeApplication(ctx, w)
	if err == nil && !written {
		err = session.ErrChanged
	}
	if err != nil {
		return session.Application{}, err
	}
	result, err := decodeApplication(app.Tenant, app.ID, stored)
	return result, decoded(operation, err)
}

// AdvanceEpoch is one UpdateItem on the condition of the epoch, and where there are copies what writeApplication
// says. An epoch that is not the expected one has passed it: another deletion came first, or this one's own attempt
// whose answer was lost.
func (s *Store) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (uint64, error) {
	const operation = "UpdateItem (advance epoch)"
	stored, _, err := s.writeApplication(ctx, applicationWrite{
		operation: operation, tenant: tenant, id: id,
		set: "epoch = :next", condition: "epoch = :from",
		values: item{":from": number(from), ":next": number(from + 1)},
		change: func(stored item) bool {
			r := reader{item: stored}
			if r.number(attrAppEpoch, 64) != from {
				return false
			}
			stored[attrAppEpoch] = number(from + 1)
			return true
		},
	})
	if err == nil && len(stored) == 0 {
		err = session.ErrNoApplication
	}
	if err != nil {
		return 0, err
	}
	r := reader{item: stored}
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
