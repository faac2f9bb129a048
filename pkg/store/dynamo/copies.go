package dynamo

import (
	"context"
	"crypto/sha256"
	endian "encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Copies of an application. Every refresh and every authorized request reads its application strongly, and a
// partition of DynamoDB answers 3 000 such reads per second:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
// Beyond that an application has EpochCopies copies, itself included, each with a partition key of its own and all
// with the same attributes. Every session of a user reads the same one, chosen by a hash of the user, so N copies
// serve about N x 3 000 reads per second: 10 000 refreshes per second of one application need 4.
//
// The application item says how many copies there are. They come into being when the application is put by a store
// with more EpochCopies, all writes change all of them in one transaction, and their number never falls: whatever
// EpochCopies another store has, it reads no copy that a deletion has passed by. A user whose copy is missing reads
// the application itself, one request more. A deletion by application is one request without copies, and two
// with them, a refused UpdateItem that tells how many there are and a TransactWriteItems: 1 + 2N write units.
//
// There is no verb that deletes an application. Who does so by hand deletes its copies before it.

// MaxEpochCopies is the largest EpochCopies; a transaction may have 100 items.
const MaxEpochCopies = 64

// uncopied is the condition of an application that has no copies.
const uncopied = "attribute_not_exists(copies)"

// maxRewrites bounds how often a write is repeated because others change the same application, which 32 may do at
// once.
const maxRewrites = 64

// conditionFailed is the code of a reason to cancel a transaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const conditionFailed = "ConditionalCheckFailed"

// byOthers tells the reasons that another attempt may find gone.
func byOthers(r types.CancellationReason) bool {
	switch aws.ToString(r.Code) {
	case conditionFailed, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		return true
	}
	return false
}

// ApplicationOf is one strongly consistent GetItem, and one more where the copy that this user reads is missing.
func (s *Store) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	const operation = "GetItem (application of a session)"
	at := s.applicationOf(key)
	if !isCopy(at) {
		return s.Application(ctx, key.Tenant, key.Application)
	}
	stored, err := s.get(ctx, operation, at)
	if err != nil {
		return session.Application{}, err
	}
	if len(stored) == 0 {
		return s.Application(ctx, key.Tenant, key.Application)
	}
	app, err := decodeApplication(key.Tenant, key.Application, stored)
	return app, decoded(operation, err)
}

// applicationOf is the key of what a user's sessions read: copy n of N, where n is the first 8 bytes of the user id's
// SHA-256, big endian, modulo N. (Ids that count up fall on few of 32 copies by FNV.)
func (s *Store) applicationOf(key session.Key) item {
	if s.EpochCopies <= 1 {
		return applicationKey(key.Tenant, key.Application)
	}
	hash := sha256.Sum256([]byte(key.User))
	return copyKey(key.Tenant, key.Application, endian.BigEndian.Uint64(hash[:])%uint64(s.EpochCopies))
}

// applicationWrite is a change of an application on a condition: as expressions for the one item, and as a function
// for an application that has copies. The function changes the item that it is given, or says that the condition
// does not hold.
type applicationWrite struct {
	operation      string
	tenant, id     string
	set, condition string
	names          map[string]string
	values         item
	change         func(stored item) bool
	spreads        bool // makes the copies that are missing
}

// writeApplication changes an application and all its copies if its condition holds: with one UpdateItem where there
// are no copies. Else that one is refused, and one TransactWriteItems follows, as it does where there shall be more
// copies. It returns the application as it stands then, empty if there is none, and whether it was written.
func (s *Store) writeApplication(ctx context.Context, w applicationWrite) (stored item, written bool, err error) {
	stored, written, err = s.updateUncopied(ctx, w)
	r := reader{item: stored}
	copies := r.number(attrCopies, 8)
	switch {
	case err != nil || len(stored) == 0:
		return stored, written, err
	case !written && copies > 0:
		return s.rewrite(ctx, w, stored)
	case written && w.spreads && s.EpochCopies > 1:
		w.change = func(item) bool { return true }
		return s.rewrite(ctx, w, stored)
	}
	return stored, written, decoded(w.operation, r.err)
}

// updateUncopied runs an UpdateItem on an application that has no copies, and returns what stands then.
func (s *Store) updateUncopied(ctx context.Context, w applicationWrite) (stored item, written bool, err error) {
	condition := w.condition + " AND " + uncopied
	update := "SET " + w.set
	for attempt := 0; ; attempt++ {
		out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                           &s.Table,
			Key:                                 applicationKey(w.tenant, w.id),
			UpdateExpression:                    &update,
			ConditionExpression:                 &condition,
			ExpressionAttributeNames:            w.names,
			ExpressionAttributeValues:           w.values,
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		var conflict *types.TransactionConflictException
		old, refused := refusedBy(err)
		switch {
		case err == nil:
			return out.Attributes, true, nil
		case refused:
			return old, false, nil
		case !errors.As(err, &conflict):
			return nil, false, failed(w.operation, err)
		}
		if err := s.stepBack(ctx, w.operation, attempt); err != nil {
			return nil, false, err
		}
	}
}

// rewrite changes an application and all its copies in one transaction, if the application is still as it was
// read; if it is not, it starts again from what it is now.
func (s *Store) rewrite(ctx context.Context, w applicationWrite, stored item) (_ item, written bool, err error) {
	const operation = "TransactWriteItems (application)"
	for attempt := 0; ; attempt++ {
		changed := maps.Clone(stored)
		if !w.change(changed) {
			return stored, false, nil
		}
		input, err := s.transaction(w, stored, changed)
		if err != nil {
			return nil, false, decoded(operation, err)
		}
		_, err = s.Client.TransactWriteItems(ctx, input)
		if err == nil {
			return changed, true, nil
		}
		var canceled *types.TransactionCanceledException
		if !errors.As(err, &canceled) || !slices.ContainsFunc(canceled.CancellationReasons, byOthers) {
			return nil, false, failed(operation, err)
		}
		if first := canceled.CancellationReasons[0]; aws.ToString(first.Code) == conditionFailed {
			if stored = first.Item; len(stored) == 0 {
				return nil, false, nil
			}
		}
		if err := s.stepBack(ctx, operation, attempt); err != nil {
			return nil, false, err
		}
	}
}

// stepBack waits for others who change the same application, each for another while.
func (s *Store) stepBack(ctx context.Context, operation string, attempt int) error {
	if attempt == maxRewrites {
		return fmt.Errorf("%s: %w: others change the same application", operation, session.ErrUnavailable)
	}
	longest := batchDelays[min(attempt, len(batchDelays)-1)]
	if err := s.Sleep(ctx, rand.N(longest)); err != nil { //nolint:gosec // no secret: it only spreads attempts
		return failed(operation, err)
	}
	return nil
}

// transaction writes a changed application to itself and to its copies: to all that there are and all that there
// shall be. The SDK adds a ClientRequestToken, so that repeating it changes nothing more.
func (s *Store) transaction(w applicationWrite, stored, changed item) (*dynamodb.TransactWriteItemsInput, error) {
	r := reader{item: stored}
	copies := max(r.number(attrCopies, 8), uint64(max(1, min(s.EpochCopies, MaxEpochCopies))))
	changed[attrCopies] = number(copies)
	values := item{
		":name": changed[attrName], ":settings": changed[attrSettings], ":epoch": changed[attrAppEpoch],
		":version": changed[attrAppVersion], ":copies": changed[attrCopies],
	}
	input := &dynamodb.TransactWriteItemsInput{}
	for n := range copies {
		input.TransactItems = append(input.TransactItems, types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Table,
			Key:       copyKey(w.tenant, w.id, n),
			UpdateExpression: aws.String(
				"SET #name = :name, #settings = :settings, #version = :version, epoch = :epoch, copies = :copies"),
			ExpressionAttributeNames: map[string]string{
				"#name": attrName, "#settings": attrSettings, "#version": attrAppVersion,
			},
			ExpressionAttributeValues: values,
		}})
	}
	onlyIfUnchanged(input.TransactItems[0].Update, stored)
	return input, r.err
}

// onlyIfUnchanged lets an update of an application pass only while it is as it was read, and return it if it is not.
func onlyIfUnchanged(u *types.Update, stored item) {
	condition := "epoch = :oldEpoch AND #version = :oldVersion AND "
	u.ExpressionAttributeValues = maps.Clone(u.ExpressionAttributeValues)
	u.ExpressionAttributeValues[":oldEpoch"] = stored[attrAppEpoch]
	u.ExpressionAttributeValues[":oldVersion"] = stored[attrAppVersion]
	if stored[attrCopies] == nil {
		condition += uncopied
	} else {
		condition += "copies = :oldCopies"
		u.ExpressionAttributeValues[":oldCopies"] = stored[attrCopies]
	}
	u.ConditionExpression = &condition
	u.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
}
