package lambda_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

type item = map[string]types.AttributeValue

// table is a table of DynamoDB Local that holds the tenants at the beginning of each test.
type table struct {
	client         *dynamodb.Client
	endpoint, name string
	beginning      map[string]item
}

// shared is the one table of all tests: the engine takes seconds to make one.
var shared struct {
	sync.Once

	table *table
}

func sharedTable(t *testing.T, a scratch.Account) *table {
	t.Helper()
	endpoint := dynamotest.Start(t)
	shared.Do(func() {
		const name = "tenants"
		client := dynamotest.Client(endpoint)
		template, err := deployment()
		if err == nil {
			err = a.Fill(t.Context(), template, client, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		made := &table{client: client, endpoint: endpoint, name: name}
		made.beginning = made.items(t)
		shared.table = made
	})
	if shared.table == nil {
		t.Fatal("there is no table: see the first failure")
	}
	return shared.table
}

// items is all that the table holds, by key.
func (b *table) items(t *testing.T) map[string]item {
	t.Helper()
	all, err := b.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &b.name, ConsistentRead: aws.Bool(true)})
	if err != nil || all.LastEvaluatedKey != nil {
		t.Fatalf("scan: %v", err)
	}
	items := map[string]item{}
	for _, one := range all.Items {
		pk, _ := one["PK"].(*types.AttributeValueMemberS)
		sk, _ := one["SK"].(*types.AttributeValueMemberS)
		items[fmt.Sprint(pk.Value, " ", sk.Value)] = one
	}
	return items
}

// undo are the writes that bring the table back to the beginning, by key.
func (b *table) undo(t *testing.T) map[string]types.WriteRequest {
	t.Helper()
	writes := map[string]types.WriteRequest{}
	now := b.items(t)
	for key, i := range now {
		if _, known := b.beginning[key]; !known {
			writes[key] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: item{"PK": i["PK"], "SK": i["SK"]}}}
		}
	}
	for key, then := range b.beginning {
		if !reflect.DeepEqual(now[key], then) {
			writes[key] = types.WriteRequest{PutRequest: &types.PutRequest{Item: then}}
		}
	}
	return writes
}

func (b *table) reset(t *testing.T) {
	t.Helper()
	var writes []types.WriteRequest
	for _, write := range b.undo(t) {
		writes = append(writes, write)
	}
	if len(writes) == 0 {
		return
	}
	out, err := b.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{b.name: writes}})
	if err != nil || len(out.UnprocessedItems) > 0 {
		t.Fatalf("reset: %v", err)
	}
}

func (b *table) wantUnchanged(t *testing.T, event string) {
	t.Helper()
	for key := range b.undo(t) {
		t.Errorf("%s: got a change of %s, want none", event, key)
	}
}

// generation is how often session one has been rotated.
func (b *table) generation(t *testing.T) string {
	t.Helper()
	for key, i := range b.items(t) {
		if strings.HasSuffix(key, fixture.SessionOne) {
			if n, ok := i["gn"].(*types.AttributeValueMemberN); ok {
				return n.Value
			}
			return "0"
		}
	}
	t.Fatal("session one is gone")
	return ""
}
