package dynamo

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The one write of an update: session.Update.Apply and session.Update.Permits, term by term. An attribute that the new
// values lack is removed.
const (
	change    = "SET up = up + :one, ae = :absolute"
	unchanged = "up = :updates" + alive + " AND (attribute_not_exists(hc) OR size(hc) <= :room)"
)

// changeable are the attributes that an item lacks where they are empty.
var changeable = []string{attrScope, attrDevice, attrClaims}

// Update is one conditional UpdateItem.
func (s *Store) Update(ctx context.Context, u session.Update) (session.Session, bool, error) {
	return s.change(ctx, "UpdateItem (update)", u.Key, s.update(u))
}

func (s *Store) update(u session.Update) *dynamodb.UpdateItemInput {
	fields := item{}
	fields.setText(attrScope, u.Scope)
	fields.setBinary(attrClaims, u.Claims)
	fields.setDevice(u.Device)
	expression, condition := change, unchanged
	values := item{
		":one": number(uint32(1)), ":absolute": millis(u.AbsoluteExpiresAt), ":updates": number(u.From),
		":now": millis(u.Now), ":secondLater": millis(u.Now.Add(time.Second)),
		":room": number(int64(session.MaxClaims - len(u.Claims))),
	}
	if u.Supersede {
		expression += supersede
	}
	for _, name := range changeable {
		if value, given := fields[name]; given {
			expression += ", " + name + " = :" + name
			values[":"+name] = value
		}
	}
	missing := slices.DeleteFunc(slices.Clone(changeable), func(name string) bool { return fields[name] != nil })
	if len(missing) > 0 {
		expression += " REMOVE " + strings.Join(missing, ", ")
	}
	return &dynamodb.UpdateItemInput{
		TableName:                           &s.Table,
		Key:                                 sessionKey(u.Key),
		UpdateExpression:                    &expression,
		ConditionExpression:                 &condition,
		ExpressionAttributeValues:           values,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}
