package lifecycle_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var update = flag.Bool("update", false, "rewrite events/audit.json")

const eventFile = "../../events/audit.json"

// happened has what happens writes.
type happened struct {
	session, ended, over  session.Session
	issued, all, app, key session.Entry
}

// eventsOf are the events of what happens does, in order. A new session, the items of an application and of an API key,
// and the repetition of an entry have no events.
func eventsOf(w happened) []string {
	return []string{
		"token.issued user " + w.session.ID.String(),
		"token.refreshed token " + w.session.ID.String(),
		"token.deleted token " + w.ended.ID.String(),
		"token.expired token " + w.over.ID.String(),
		"token.deleted application 3",
		"application.changed application 3",
		"key.deleted key k",
	}
}

// happens makes each change that is an event, and some that are not.
func happens(t *testing.T, store *dynamo.Store) (w happened) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	app, err := store.PutApplication(t.Context(), session.Application{Tenant: "demo", ID: "web", Name: "Web"})
	must(err)
	must(store.PutAPIKey(t.Context(), session.APIKey{ID: "key", Tenant: "demo", CreatedAt: time.Now()}))
	w.session = storetest.NewFullSession("demo", "alice", "web")
	must(store.Create(t.Context(), w.session))
	w.issued = storetest.NewEntry("demo", "alice")
	w.issued.Event, w.issued.Sessions, w.issued.APIKey, w.issued.Changed = session.EventIssued, []token.ID{w.session.ID}, "", nil
	store.Record(t.Context(), w.issued)
	store.Record(t.Context(), w.issued)
	_, applied, err := store.Rotate(t.Context(), storetest.NewRotation(w.session))
	must(err)
	if !applied {
		t.Fatal("got a refused rotation, want an applied one")
	}
	w.ended = storetest.NewSession("demo", "alice", "web")
	must(store.Create(t.Context(), w.ended))
	_, err = store.Delete(t.Context(), session.Deletion{Key: w.ended.Key})
	must(err)
	w.over = storetest.NewSession("demo", "alice", "web")
	w.over.IdleExpiresAt = time.Now().Add(-time.Hour)
	must(store.Create(t.Context(), w.over))
	must(store.DeleteBatch(t.Context(), []session.Key{w.over.Key}))
	app.Name = "Web, renamed"
	_, err = store.PutApplication(t.Context(), app)
	must(err)
	_, err = store.AdvanceEpoch(t.Context(), "demo", "web", 0)
	must(err)
	w.all, w.app, w.key = storetest.NewEntry("demo", ""), storetest.NewEntry("demo", ""), storetest.NewEntry("demo", "")
	w.all.APIKey, w.app.APIKey, w.app.Event, w.key.Event = "", "", session.EventApplicationChanged, session.EventKeyDeleted
	for _, e := range []session.Entry{w.all, w.app, w.key} {
		store.Record(t.Context(), e)
	}
	return w
}

func TestEveryChangeOfATableIsPublishedOnce(t *testing.T) {
	client, table := dynamotest.Table(t)
	enableStream(t, client, table)
	w := happens(t, dynamo.New(client, table))
	batch := streamOf(t, client, table)
	if *update {
		writeEvent(t, batch)
	}
	bus := &fakeBus{}
	answer, err := publisher(t, bus).Handle(t.Context(), batch)
	if err != nil || len(answer.BatchItemFailures) != 0 {
		t.Fatal(answer, err)
	}
	wantSame(t, bus.summary(), eventsOf(w))
}

// enableStream enables the stream of a table. The SDK repeats a request that the engine answers late, and then DynamoDB
// refuses the repetition.
func enableStream(t *testing.T, client *dynamodb.Client, table string) {
	t.Helper()
	_, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: &table, StreamSpecification: &dynamotypes.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: dynamotypes.StreamViewTypeNewAndOldImages,
		},
	})
	described, describeErr := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if describeErr != nil || described.Table.LatestStreamArn == nil {
		t.Fatalf("got a table without a stream: %v, %v", err, describeErr)
	}
}

// streamOf reads the stream of a table in the form that Lambda gives to a function.
func streamOf(t *testing.T, client *dynamodb.Client, table string) events.DynamoDBEvent {
	t.Helper()
	described, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	options := client.Options()
	streams := dynamodbstreams.New(dynamodbstreams.Options{
		Region: options.Region, BaseEndpoint: options.BaseEndpoint, Credentials: options.Credentials,
	})
	arn := described.Table.LatestStreamArn
	stream, err := streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for _, shard := range stream.StreamDescription.Shards {
		start, err := streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
			StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			t.Fatal(err)
		}
		page, err := streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: start.ShardIterator})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			records = append(records, recordJSON(r))
		}
	}
	raw, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	var batch events.DynamoDBEvent
	if err := json.Unmarshal(raw, &batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// recordJSON is a record as Lambda writes it.
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
func recordJSON(r types.Record) map[string]any {
	change := map[string]any{
		"ApproximateCreationDateTime": r.Dynamodb.ApproximateCreationDateTime.Unix(), "Keys": imageJSON(r.Dynamodb.Keys),
		"SequenceNumber": *r.Dynamodb.SequenceNumber, "SizeBytes": *r.Dynamodb.SizeBytes, "StreamViewType": r.Dynamodb.StreamViewType,
	}
	for name, image := range map[string]map[string]types.AttributeValue{"NewImage": r.Dynamodb.NewImage, "OldImage": r.Dynamodb.OldImage} {
		if len(image) > 0 {
			change[name] = imageJSON(image)
		}
	}
	return map[string]any{
		"eventID": *r.EventID, "eventName": r.EventName, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
		"awsRegion":      "eu-west-1",
		"eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/tokens/stream/2026-01-01T00:00:00.000", "dynamodb": change,
	}
}

func imageJSON(image map[string]types.AttributeValue) map[string]any {
	out := map[string]any{}
	for name, value := range image {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			out[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			out[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberB:
			out[name] = map[string]any{"B": v.Value}
		case *types.AttributeValueMemberBOOL:
			out[name] = map[string]any{"BOOL": v.Value}
		case *types.AttributeValueMemberM:
			out[name] = map[string]any{"M": imageJSON(v.Value)}
		case *types.AttributeValueMemberL:
			out[name] = map[string]any{"L": []any{}}
		default:
			panic(fmt.Sprintf("%s is a %T", name, value))
		}
	}
	return out
}

func writeEvent(t *testing.T, batch events.DynamoDBEvent) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(batch); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(eventFile, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
