package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The one write of a refresh: session.Rotation.Apply and session.Rotation.Permits, term by term. "#ttl" is an alias,
// because ttl is a reserved word of DynamoDB.
const (
	extend    = "SET aj = :access, rb = :request, ls = :seen, ie = :now + li, #ttl = :seconds + lis"
	rotate    = ", sh = :next, tk = :key, gn = :generation"
	supersede = ", sv = sv + :one"
	hooked    = ", hc = :claims"
	bind      = ", jk = :jkt"

	alive   = " AND ie > :now AND ae >= :secondLater"
	unbound = " AND attribute_not_exists(jk)"
	proven  = " AND (attribute_not_exists(jk) OR jk = :jkt)"
	current = "sh = :presented" + alive
	behind  = "rh = :root AND gn < :from" + alive
	fitting = " AND (attribute_not_exists(cl) OR size(cl) <= :room)"
)

// Rotate is one conditional UpdateItem. It reads no other item than the one that this returns.
func (s *Store) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	return s.change(ctx, "UpdateItem (rotate)", r.Key, s.rotation(r))
}

// change sends a conditional UpdateItem. It returns the session after it, or the one that refused.
func (s *Store) change(ctx context.Context, operation string, key session.Key, input *dynamodb.UpdateItemInput,
) (session.Session, bool, error) {
	out, err := s.Client.UpdateItem(ctx, input)
	if old, refused := refusedBy(err); refused {
		if len(old) == 0 {
			return session.Session{}, false, session.ErrNoSession
		}
		current, err := decodeSession(key, old)
		return current, false, decoded(operation, err)
	}
	if err != nil {
		return session.Session{}, false, failed(operation, err)
	}
	changed, err := decodeSession(key, out.Attributes)
	return changed, true, decoded(operation, err)
}

func (s *Store) rotation(r session.Rotation) *dynamodb.UpdateItemInput {
	update, condition := extend, current
	values := item{}
	values[":access"] = binary(r.AccessTokenID[:])
	values[":now"] = millis(r.Now)
	values[":secondLater"] = millis(r.Now.Add(time.Second))
	values[":seconds"] = number(ceilSeconds(r.Now.UnixMilli()))
	values[":request"] = binary(r.RequestID[:])
	values[":seen"] = binary(encodeSeen(r.Seen))
	if r.Forward {
		condition = behind
		values[":root"] = binary(r.Root[:])
		values[":from"] = number(r.From)
	} else {
		values[":presented"] = binary(r.Presented[:])
	}
	bound, proof := values.prove(r)
	update, condition = update+bound, condition+proof
	for slot := range uint32(session.RotationTimes) {
		if r.Forward || slot == r.From%session.RotationTimes {
			update += ", " + attrRotated(slot) + " = :now"
		}
	}
	if r.HookClaims != nil {
		update, condition = update+hooked, condition+fitting
		values[":claims"] = binary(r.HookClaims)
		values[":room"] = number(int64(session.MaxClaims - len(r.HookClaims)))
	}
	if r.Supersede {
		update += supersede
		values[":one"] = number(uint32(1))
	}
	if !r.Reusable {
		update += rotate
		values[":next"] = binary(r.Next[:])
		values[":key"] = tokenKey(r.NextKeyID)
		values[":generation"] = number(r.From + 1)
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

// prove is what the proof of a rotation adds to the update and to the condition.
func (values item) prove(r session.Rotation) (update, condition string) {
	if r.JKT.IsZero() {
		return "", unbound
	}
	values[":jkt"] = binary(r.JKT[:])
	return bind, proven
}
