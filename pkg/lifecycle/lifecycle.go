// Package lifecycle owns the events about sessions: it turns records of the table's stream into events on an Amazon
// EventBridge bus. Events hold ids and counters. A token, a secret, a hash, a claim or a device must never get into an
// event or a log line, and nothing here writes to the table.
//
// # Events
//
// The source is refresh-tokens, the time is that of the change, and the detail-type is one of:
//
//	token.issued           a session started
//	token.refreshed        a session was refreshed; generation is the number of its rotations
//	token.expired          an expired session was removed, usually by DynamoDB's TTL, hours or days after its expiry
//	token.deleted          a session was deleted
//	                       or, with extent "application", all sessions of an application were, in one event
//	token.reuse_detected   a superseded token was presented, and its session ended
//
// The template's event source mapping leaves out refreshes, which would be most of the bill, unless PublishRefreshed is
// true. Sessions that were deleted with their application are removed later; their events are token.expired.
//
// # Delivery
//
// Each event is delivered at least once. A user's events are sent in the order of the changes, because a user's sessions
// share a partition key. EventBridge promises no order, and an event that it refuses follows later ones: compare time and
// generation. A repeated event has the same id in its detail.
//
// The answer to Lambda has the sequence number of the first record that was not published, and Lambda continues there.
// Lambda gives up a batch, not a record, and halves only a batch that fails as a whole. So a batch fails as a whole when
// its first record cannot be read, until that record is alone. What Lambda gives up leaves a description without content
// in the queue DeadLetters.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

const (
	operation = "audit"
	source    = "refresh-tokens"
	// maxEntries is EventBridge's limit of one PutEvents.
	maxEntries = 10
)

// Bus is what this package needs of EventBridge's client.
type Bus interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Publisher publishes changes.
type Publisher struct {
	Bus  Bus
	Name string // of the bus, or its ARN
	Log  telemetry.Log
}

// Detail is the detail of an event.
type Detail struct {
	ID            string `json:"id"` // the same whenever the event is published again
	TenantID      string `json:"tenantId"`
	ApplicationID string `json:"applicationId"`
	Extent        string `json:"extent"` // "token" or "application"
	UserID        string `json:"userId,omitempty"`
	TokenID       string `json:"tokenId,omitempty"`
	Generation    uint32 `json:"generation,omitempty"`
	Epoch         uint64 `json:"epoch,omitempty"` // the application's new one
}

// New makes a publisher to a bus, by its name or ARN. It opens no connection.
func New(config aws.Config, bus string, log telemetry.Log) Publisher {
	return Publisher{Bus: eventbridge.NewFromConfig(config), Name: bus, Log: log}
}

// entry is an event and the sequence number of its record.
type entry struct {
	event    types.PutEventsRequestEntry
	sequence string
}

// Handle publishes the changes of a batch, and answers with the first record that was not published. It returns an error
// if the first record of the batch cannot be read.
func (p Publisher) Handle(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	line := telemetry.Line{Operation: operation, Outcome: "ok", Started: time.Now()}
	if len(batch.Records) == 0 {
		return events.DynamoDBEventResponse{}, errors.New("the event is not one of a DynamoDB stream: it has no Records")
	}
	// Records before the first that cannot be read are published.
	entries, stop, err := p.entries(batch.Records)
	var unreadable error
	if stop == batch.Records[0].Change.SequenceNumber {
		unreadable = err
	}
	published := 0
	for chunk := range slices.Chunk(entries, maxEntries) {
		done, putErr := p.put(ctx, chunk)
		published += done
		if putErr != nil {
			stop, err = chunk[done].sequence, putErr
			break
		}
	}
	answer := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	line.Attrs = []slog.Attr{slog.Int("records", len(batch.Records)), slog.Int("published", published)}
	if err != nil {
		line.Outcome, line.Err, line.Attrs = "failed", err, append(line.Attrs, slog.String("sequenceNumber", stop))
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: stop})
	}
	p.Log.Write(ctx, line)
	return answer, unreadable
}

// entries makes the events of the records before the first that cannot be read; stop is its sequence number.
func (p Publisher) entries(records []events.DynamoDBEventRecord) (entries []entry, stop string, err error) {
	for _, record := range records {
		sequence := record.Change.SequenceNumber
		change, found, err := recordOf(record).Change()
		if err != nil {
			return entries, sequence, err
		}
		if !found {
			continue
		}
		detail, err := json.Marshal(detailOf(record.EventID, change))
		if err != nil {
			return entries, sequence, fmt.Errorf("write event: %w", err)
		}
		entries = append(entries, entry{sequence: sequence, event: types.PutEventsRequestEntry{
			EventBusName: &p.Name, Source: aws.String(source), DetailType: aws.String("token." + string(change.Kind)),
			Detail: aws.String(string(detail)), Time: aws.Time(record.Change.ApproximateCreationDateTime.Time),
		}})
	}
	return entries, "", nil
}

func detailOf(id string, c dynamo.Change) Detail {
	d := Detail{ID: id, TenantID: c.Tenant, ApplicationID: c.Application, Extent: "application", Epoch: c.Epoch}
	if c.Epoch == 0 {
		d.Extent, d.UserID, d.TokenID, d.Generation = "token", c.User, c.ID.String(), c.Generation
	}
	return d
}

// put publishes at most maxEntries. It returns how many, counted from the first, are certainly published.
func (p Publisher) put(ctx context.Context, entries []entry) (published int, err error) {
	request := &eventbridge.PutEventsInput{}
	for _, e := range entries {
		request.Entries = append(request.Entries, e.event)
	}
	out, err := p.Bus.PutEvents(ctx, request)
	if err != nil {
		return 0, fmt.Errorf("PutEvents: %w", err)
	}
	for n, result := range out.Entries {
		if result.EventId == nil {
			return n, fmt.Errorf("PutEvents: an event is refused: %s", aws.ToString(result.ErrorCode))
		}
	}
	return len(entries), nil
}
