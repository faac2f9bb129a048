package table_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
)

func TestADefinitionHasTheKeysIndexesAndTTLOfTheResource(t *testing.T) {
	got, err := table.FromTemplate(&stack.Template{Resources: map[string]stack.Resource{"TokenTable": {
		Type: "AWS::DynamoDB::Table", Properties: map[string]any{
			"BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": "true",
			"AttributeDefinitions": []any{
				map[string]any{"AttributeName": "PK", "AttributeType": "S"}, map[string]any{"AttributeName": "SK", "AttributeType": "S"},
			},
			"KeySchema": []any{
				map[string]any{"AttributeName": "PK", "KeyType": "HASH"}, map[string]any{"AttributeName": "SK", "KeyType": "RANGE"},
			},
			"GlobalSecondaryIndexes": []any{map[string]any{
				"IndexName": "BySK", "KeySchema": []any{map[string]any{"AttributeName": "SK", "KeyType": "HASH"}},
				"Projection":         map[string]any{"ProjectionType": "KEYS_ONLY"},
				"OnDemandThroughput": map[string]any{"MaxReadRequestUnits": 1},
			}},
			"TimeToLiveSpecification": map[string]any{"AttributeName": "ttl", "Enabled": true},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	key := func(name string, keyType types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: keyType}
	}
	want := table.Definition{TTL: "ttl", Create: dynamodb.CreateTableInput{
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute("PK"), attribute("SK")},
		KeySchema:            []types.KeySchemaElement{key("PK", types.KeyTypeHash), key("SK", types.KeyTypeRange)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("BySK"),
			KeySchema:  []types.KeySchemaElement{key("SK", types.KeyTypeHash)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}}
	if diff := cmp.Diff(want, got, ignoreUnexported); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
}

var ignoreUnexported = cmpopts.IgnoreUnexported(
	dynamodb.CreateTableInput{}, types.AttributeDefinition{}, types.KeySchemaElement{},
	types.GlobalSecondaryIndex{}, types.Projection{},
)

func TestATemplateWithoutTheTableIsAnError(t *testing.T) {
	for name, resource := range map[string]stack.Resource{
		"no resource":      {},
		"another type":     {Type: "AWS::SQS::Queue"},
		"keys of no shape": {Type: "AWS::DynamoDB::Table", Properties: map[string]any{"KeySchema": 1}},
	} {
		template := &stack.Template{Resources: map[string]stack.Resource{"TokenTable": resource}}
		if got, err := table.FromTemplate(template); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}
