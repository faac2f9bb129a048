package table_test

import (
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
)

// The definition that design law 1 names: PK and SK, and the index ByTokenId of keys only.
func TestTheTemplateDefinesTheTableOfLaw1(t *testing.T) {
	templateYAML, err := os.ReadFile("../../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.FromTemplate(templateYAML)
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
		AttributeDefinitions: []types.AttributeDefinition{attribute("PK"), attribute("SK"), attribute("GSI1PK")},
		KeySchema:            []types.KeySchemaElement{key("PK", types.KeyTypeHash), key("SK", types.KeyTypeRange)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("ByTokenId"),
			KeySchema:  []types.KeySchemaElement{key("GSI1PK", types.KeyTypeHash)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}}
	if diff := cmp.Diff(want, got, ignoreUnexported); diff != "" {
		t.Errorf("template.yaml defines another table (-want +got):\n%s", diff)
	}
}

var ignoreUnexported = cmpopts.IgnoreUnexported(
	dynamodb.CreateTableInput{}, types.AttributeDefinition{}, types.KeySchemaElement{},
	types.GlobalSecondaryIndex{}, types.Projection{},
)

func TestIntrinsicFunctionsInAResourceAreTolerated(t *testing.T) {
	got, err := table.FromTemplate([]byte(`
Transform: AWS::Serverless-2016-10-31
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  TokenTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !If [IsProd, Retain, Delete]
    Properties:
      TableName: !Sub "${AWS::StackName}-tokens"
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      OnDemandThroughput:
        MaxReadRequestUnits: !Ref MaxReadUnits
      DeletionProtectionEnabled: !If [IsProd, true, false]
      SSESpecification: !If
        - IsProd
        - {SSEEnabled: true, KMSMasterKeyId: !GetAtt DataKey.Arn}
        - !Ref AWS::NoValue
      Tags:
        - {Key: stage, Value: !Ref Stage}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: false}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Create.KeySchema) != 1 || got.Create.BillingMode != types.BillingModePayPerRequest || got.TTL != "" {
		t.Errorf("got %+v", got)
	}
}

func TestATemplateWithoutTheTableIsAnError(t *testing.T) {
	for name, templateYAML := range map[string]string{
		"nothing":          "",
		"no resource":      "Resources: {Other: {Type: AWS::DynamoDB::Table}}",
		"another type":     "Resources: {TokenTable: {Type: AWS::SQS::Queue}}",
		"no keys":          "Resources: {TokenTable: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PROVISIONED}}}",
		"no YAML":          "Resources: [",
		"keys of no shape": "Resources: {TokenTable: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: 1}}}",
	} {
		if _, err := table.FromTemplate([]byte(templateYAML)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
