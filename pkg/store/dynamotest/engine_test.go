package dynamotest_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

func TestATableHasTheDefinitionOfTheTemplate(t *testing.T) {
	client, name := dynamotest.Table(t)
	described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if got := described.Table; got.TableStatus != "ACTIVE" || len(got.GlobalSecondaryIndexes) != 1 {
		t.Errorf("table is %s with %d indexes, want ACTIVE with one", got.TableStatus, len(got.GlobalSecondaryIndexes))
	}
	ttl, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if got := ttl.TimeToLiveDescription; got.AttributeName == nil || *got.AttributeName != "ttl" {
		t.Errorf("TTL is %+v, want it on ttl", got)
	}
}

func TestEnsuringATableThatExistsChangesNothing(t *testing.T) {
	client, name := dynamotest.Table(t)
	template, err := stack.Read("../../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	put := &dynamodb.PutItemInput{TableName: &name, Item: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "x"}, "SK": &types.AttributeValueMemberS{Value: "y"},
	}}
	if _, err := client.PutItem(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	if err := table.Ensure(t.Context(), client, template, name); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: put.Item})
	if err != nil || len(got.Item) != 2 {
		t.Errorf("got item %v, %v; want the one that was there", got, err)
	}
}

func TestAnEngineEndsWithClose(t *testing.T) {
	if os.Getenv("STORE_TEST_TABLE") != "" {
		t.Skip("STORE_TEST_TABLE replaces the engine")
	}
	dynamotest.Start(t) // skips without an engine
	engine, err := dynamotest.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if answer, err := http.Get(engine.Endpoint); err == nil {
		answer.Body.Close()
		t.Error("got an answer after Close, want none")
	}
}
