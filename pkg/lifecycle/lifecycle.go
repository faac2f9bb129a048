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

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

const (
	operation = "audit"
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
		published := event.Of(change)
		detail, err := json.Marshal(published.Detail)
		if err != nil {
			return entries, sequence, fmt.Errorf("write event: %w", err)
		}
		entries = append(entries, entry{sequence: sequence, event: types.PutEventsRequestEntry{
			EventBusName: &p.Name, Source: aws.String(event.Source), DetailType: &published.Type,
			Detail: aws.String(string(detail)), Time: &published.Detail.At,
		}})
	}
	return entries, "", nil
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
