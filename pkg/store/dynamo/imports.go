package dynamo

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Import is one TransactWriteItems of the session and its locator, neither of which may exist.
func (s *Store) Import(ctx context.Context, imported session.Session, l session.Locator) (session.Locator, error) {
	const operation = "TransactWriteItems (import session)"
	put := func(i item) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &s.Table, Item: i, ConditionExpression: aws.String("attribute_not_exists(PK)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}
	}
	refused, err := s.transact(ctx, operation, []types.TransactWriteItem{put(locatorItem(l)), put(sessionItem(imported))})
	switch {
	case err != nil || refused == nil:
		return l, err
	case !isRefusal(refused[0]):
		return l, session.ErrImported // a session without its locator, whose end has passed
	}
	old, err := decodeLocator(l.Hash, refused[0].Item)
	return old, cmp.Or(decoded(operation, err), session.ErrImported)
}

// Imported is one strongly consistent GetItem.
func (s *Store) Imported(ctx context.Context, hash token.Hash) (session.Locator, error) {
	const operation = "GetItem (imported token)"
	stored, err := s.get(ctx, operation, locatorKey(hash))
	if err != nil {
		return session.Locator{}, err
	}
	if len(stored) == 0 {
		return session.Locator{}, session.ErrNoSession
	}
	l, err := decodeLocator(hash, stored)
	return l, decoded(operation, err)
}

func locatorItem(l session.Locator) item {
	i := locatorKey(l.Hash)
	i[attrTenant] = text(l.Tenant)
	i[attrLocUser] = text(l.User)
	i[attrLocApplication] = text(l.Application)
	i[attrLocSession] = binary(l.ID[:])
	i[attrAbsoluteEnd] = millis(l.ExpiresAt)
	i[attrTTL] = number(ceilSeconds(l.ExpiresAt.UnixMilli()))
	i.setFlag(attrReusable, l.Reusable)
	i.setFlag(attrLocNeedsAccess, l.NeedsAccess)
	i.setNumber(attrLocDPoP, uint64(l.DPoP))
	return i
}

func decodeLocator(hash token.Hash, i item) (session.Locator, error) {
	r := reader{item: i}
	l := session.Locator{
		Hash: hash, Reusable: r.flag(attrReusable), NeedsAccess: r.flag(attrLocNeedsAccess),
		DPoP: token.DPoP(r.number(attrLocDPoP, 2)), ExpiresAt: r.time(attrAbsoluteEnd),
	}
	l.Tenant, l.User, l.Application = r.text(attrTenant), r.text(attrLocUser), r.text(attrLocApplication)
	r.binary(attrLocSession, l.ID[:])
	return l, r.err
}
