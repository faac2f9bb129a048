package dynamo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	endian "encoding/binary"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Copies of an application. Every refresh and every authorized request reads its application strongly, and one
// partition of DynamoDB answers 3 000 such reads per second:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
// Beyond that rate an application is stored in EpochCopies items with equal attributes, each with its own partition key.
// All sessions of a user read the same item, chosen by a hash of the user. So N items serve about N x 3 000 reads per
// second: 10 000 refreshes per second of one application need 4.
//
// The application itself, item 0, has the number of items in copies. PutApplication of a store with a greater EpochCopies
// adds the missing ones. Each write changes all items in one transaction, and their number never falls. So no store reads
// a copy that a deletion left out, whatever its EpochCopies. A user whose copy is missing reads the application itself.
//
// A write of an application without copies is one UpdateItem. With copies it is two requests: that UpdateItem, which is
// refused and returns the application, and a TransactWriteItems of 2N write units. A new application is made with its
// copies and with the item that lists its tenant, in one transaction.
//
// DeleteApplication keeps the items, with the time. Who removes one by hand removes its copies first.

// MaxEpochCopies is the limit of EpochCopies. A transaction has at most 100 items.
const MaxEpochCopies = 64

// applicationOf is the key of the item that a user's sessions read: item n of N, where n is the first 8 bytes of the
// user id's SHA-256, big endian, modulo N. (FNV maps consecutive ids to few of 32 items.)
func (s *Store) applicationOf(key session.Key) item {
	if s.EpochCopies <= 1 {
		return applicationKey(key.Tenant, key.Application)
	}
	hash := sha256.Sum256([]byte(key.User))
	return copyKey(key.Tenant, key.Application, endian.BigEndian.Uint64(hash[:])%uint64(s.EpochCopies))
}

// ApplicationOf is one strongly consistent GetItem, and one more where the user's copy is missing.
func (s *Store) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	const operation = "GetItem (application of a session)"
	at := s.applicationOf(key)
	stored, err := s.get(ctx, operation, at)
	if err == nil && len(stored) == 0 && isCopy(at) {
		return s.Application(ctx, key.Tenant, key.Application)
	}
	if err == nil && len(stored) == 0 {
		err = session.ErrNoApplication
	}
	if err != nil {
		return session.Application{}, err
	}
	app, err := decodeApplication(key.Tenant, key.Application, stored)
	return app, decoded(operation, err)
}

// batchGetOriginals is batchGet, and one more of the applications whose copies are missing. It returns each under the key
// of its copy.
func (s *Store) batchGetOriginals(ctx context.Context, operation string, keys []item) (map[rowKey]item, error) {
	rows, err := s.batchGet(ctx, operation, keys)
	if err != nil {
		return nil, err
	}
	var originals []item
	copies := map[rowKey]rowKey{}
	for _, key := range keys {
		if _, found := rows[keyOf(key)]; !found && isCopy(key) {
			original := originalOf(key)
			originals, copies[keyOf(original)] = append(originals, original), keyOf(key)
		}
	}
	if len(originals) == 0 {
		return rows, nil
	}
	found, err := s.batchGet(ctx, operation, originals)
	for key, stored := range found {
		rows[copies[key]] = stored
	}
	return rows, err
}

// applicationWrite sets attributes of an application if others have their expected numbers; nil is a missing one.
type applicationWrite struct {
	operation  string
	tenant, id string
	expected   item
	set        item
	addsCopies bool
	writer     string // the attribute of the write's id
}

// writeApplication writes an application and its copies, and returns the application after that and whether it was
// written. It is empty for an unknown application.
func (s *Store) writeApplication(ctx context.Context, w applicationWrite) (stored item, written bool, err error) {
	stored, written, err = s.updateUncopied(ctx, w)
	switch {
	case err != nil:
		return nil, false, err
	case !written && stored[attrCopies] != nil:
		return s.rewrite(ctx, w, stored)
	case written && w.addsCopies && s.EpochCopies > 1:
		w.expected, w.set = item{}, item{}
		return s.rewrite(ctx, w, stored)
	}
	return stored, written, nil
}

// updateUncopied is one UpdateItem on the condition that there are no copies. One that the SDK repeats after a lost answer
// finds its own writer in the application.
func (s *Store) updateUncopied(ctx context.Context, w applicationWrite) (stored item, written bool, err error) {
	writer := make([]byte, 16)
	_, _ = rand.Read(writer) // it never fails
	set := maps.Clone(w.set)
	set[w.writer] = binary(writer)
	e := newExpression(set)
	e.require(item{attrCopies: nil})
	e.require(w.expected)
	for attempt := 0; ; attempt++ {
		out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                           &s.Table,
			Key:                                 applicationKey(w.tenant, w.id),
			UpdateExpression:                    &e.update,
			ConditionExpression:                 e.condition,
			ExpressionAttributeNames:            e.names,
			ExpressionAttributeValues:           e.values,
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		var conflict *types.TransactionConflictException
		old, refused := refusedBy(err)
		switch {
		case err == nil:
			return out.Attributes, true, nil
		case refused:
			own := reader{item: old}
			return old, bytes.Equal(own.bytes(w.writer), writer), nil // an earlier attempt, whose answer was lost
		case !errors.As(err, &conflict):
			return nil, false, failed(w.operation, err)
		}
		if err := s.backOff(ctx, w.operation, attempt); err != nil {
			return nil, false, err
		}
	}
}

// rewrite is one TransactWriteItems on the condition that the application is as it was read. If another write changed it,
// rewrite starts again from the changed one.
func (s *Store) rewrite(ctx context.Context, w applicationWrite, stored item) (_ item, written bool, err error) {
	const operation = "TransactWriteItems (application)"
	for attempt := 0; ; attempt++ {
		if !stored.hasNumbers(w.expected) {
			return stored, false, nil
		}
		changed := maps.Clone(stored)
		maps.Copy(changed, w.set)
		delete(changed, attrPK)
		delete(changed, attrSK)
		r := reader{item: stored}
		copies := max(r.number(attrCopies, 8), uint64(max(1, s.EpochCopies)))
		changed[attrCopies] = number(copies)
		refused, err := s.transact(ctx, operation, s.writeCopies(w, copies, changed, item{
			attrAppEpoch: stored[attrAppEpoch], attrAppVersion: stored[attrAppVersion], attrCopies: stored[attrCopies],
		}))
		if err != nil || refused == nil {
			return changed, err == nil, err
		}
		if stored = refused[0].Item; len(stored) == 0 {
			return nil, false, nil
		}
		if err := s.backOff(ctx, operation, attempt); err != nil {
			return nil, false, err
		}
	}
}

// makeApplication is one TransactWriteItems of an application that does not exist, its copies and the item that lists its
// tenant. One that was deleted is written on the condition of the version that refused the transaction.
func (s *Store) makeApplication(ctx context.Context, w applicationWrite) (stored item, written bool, err error) {
	const operation = "TransactWriteItems (new application)"
	made, copies := maps.Clone(w.set), uint64(1)
	made[attrAppEpoch] = number(uint64(0))
	if s.EpochCopies > 1 {
		copies = uint64(s.EpochCopies)
		made[attrCopies] = number(copies)
	}
	lists := newExpression(item{attrTenant: text(w.tenant)})
	refused, err := s.transact(ctx, operation, append(s.writeCopies(w, copies, made, item{attrPK: nil}),
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Table, Key: tenantKey(w.tenant), UpdateExpression: &lists.update,
			ExpressionAttributeNames: lists.names, ExpressionAttributeValues: lists.values,
		}}))
	if err != nil || refused == nil {
		return made, err == nil, err
	}
	old := reader{item: refused[0].Item}
	version := old.number(attrAppVersion, 64)
	if old.item[attrDeletedAt] == nil || old.err != nil {
		return nil, false, old.err
	}
	w.expected = item{attrAppVersion: number(version)}
	w.set[attrAppVersion], w.set[attrDeletedAt] = number(version+1), nil
	return s.writeApplication(ctx, w)
}

// writeCopies writes a changed application to all its items, if the first one is as required.
func (s *Store) writeCopies(w applicationWrite, copies uint64, changed, required item) (all []types.TransactWriteItem) {
	for n := range copies {
		e := newExpression(changed)
		if n == 0 {
			e.require(required)
		}
		all = append(all, types.TransactWriteItem{Update: &types.Update{
			TableName:                           &s.Table,
			Key:                                 copyKey(w.tenant, w.id, n),
			UpdateExpression:                    &e.update,
			ConditionExpression:                 e.condition,
			ExpressionAttributeNames:            e.names,
			ExpressionAttributeValues:           e.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}})
	}
	return all
}
