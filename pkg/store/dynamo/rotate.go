package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The one write of a refresh: session.Rotation.Apply and session.Rotation.Permits, word by word. "#ttl" is an
// alias because ttl is one of DynamoDB's reserved words.
const (
	extend = "SET aj = :access, ra = :now, rb = :request, ie = :now + li, #ttl = :seconds + ls"
	rotate = extend + ", sh = :next, tk = :key, gn = :generation"

	permits         = "sh = :presented AND ie > :now AND ae > :now"
	permitsNoAccess = permits + " AND attribute_not_exists(rq)"
)

// Rotate is one conditional UpdateItem, and the item that it returns is the only one it reads.
func (s *Store) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	const operation = "UpdateItem (rotate)"
	out, err := s.Client.UpdateItem(ctx, s.rotation(r))
	if old, refused := refusedBy(err); refused {
		if len(old) == 0 || old[attrEnded] != nil { // half way through EndReused
			return session.Session{}, false, session.ErrNoSession
		}
		current, err := decodeSession(r.Key, old)
		return current, false, decoded(operation, err)
	}
	if err != nil {
		return session.Session{}, false, failed(operation, err)
	}
	rotated, err := decodeSession(r.Key, out.Attributes)
	return rotated, true, decoded(operation, err)
}

func (s *Store) rotation(r session.Rotation) *dynamodb.UpdateItemInput {
	update, condition := rotate, permits
	values := item{}
	values[":access"] = binary(r.AccessTokenID[:])
	values[":now"] = millis(r.Now)
	values[":seconds"] = number(ceilSeconds(r.Now.UnixMilli()))
	values[":request"] = binary(r.RequestID[:])
	values[":presented"] = binary(r.Presented[:])
	if r.Reusable {
		update = extend
	} else {
		values[":next"] = binary(r.Next[:])
		values[":key"] = tokenKey(r.NextKeyID)
		values[":generation"] = number(r.Generation)
	}
	if !r.HasAccess {
		condition = permitsNoAccess
	}
	return &dynamodb.UpdateItemInput{
		TableName:                           &s.Table,
		Key:                                 sessionKey(r.Key),
		UpdateExpression:                    &update,
		ConditionExpression:                 &condition,
		ExpressionAttributeNames:            map[string]string{"#ttl": attrTTL},
		ExpressionAttributeValues:           values,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}
