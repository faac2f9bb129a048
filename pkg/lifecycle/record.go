package lifecycle

import (
	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// The principal of a removal by TTL.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
const (
	ttlType      = "Service"
	ttlPrincipal = "dynamodb.amazonaws.com"
)

func recordOf(r events.DynamoDBEventRecord) dynamo.Record {
	return dynamo.Record{
		ID: r.EventID, Keys: imageOf(r.Change.Keys), Old: imageOf(r.Change.OldImage), New: imageOf(r.Change.NewImage),
		At:    r.Change.ApproximateCreationDateTime.Time,
		ByTTL: r.UserIdentity != nil && r.UserIdentity.Type == ttlType && r.UserIdentity.PrincipalID == ttlPrincipal,
	}
}

// imageOf returns nil for a record without an image.
func imageOf(from map[string]events.DynamoDBAttributeValue) map[string]types.AttributeValue {
	if len(from) == 0 {
		return nil
	}
	image := map[string]types.AttributeValue{}
	for name, value := range from {
		if attribute := attributeOf(value); attribute != nil {
			image[name] = attribute
		}
	}
	return image
}

// attributeOf converts Lambda's type of a value to the SDK's; nil for types that the table does not use.
func attributeOf(value events.DynamoDBAttributeValue) types.AttributeValue {
	switch value.DataType() {
	case events.DataTypeString:
		return &types.AttributeValueMemberS{Value: value.String()}
	case events.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: value.Number()}
	case events.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: value.Binary()}
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: value.Boolean()}
	case events.DataTypeMap:
		return &types.AttributeValueMemberM{Value: imageOf(value.Map())}
	default:
		return nil
	}
}
