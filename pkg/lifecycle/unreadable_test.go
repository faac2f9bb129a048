package lifecycle_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle"
)

// mapping handles a batch as Lambda does for the template's event source mapping: it continues at the reported record,
// halves a batch that fails, and gives up a batch after its retries. It returns the number of records given up.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func mapping(ctx context.Context, p lifecycle.Publisher, records []events.DynamoDBEventRecord) (givenUp int) {
	for retries := 20; len(records) > 0; retries-- {
		if retries < 0 {
			return len(records)
		}
		answer, err := p.Handle(ctx, events.DynamoDBEvent{Records: records})
		if err != nil && len(records) > 1 {
			half := len(records) / 2
			return mapping(ctx, p, records[:half]) + mapping(ctx, p, records[half:])
		}
		if err == nil && len(answer.BatchItemFailures) == 0 {
			return 0
		}
		for n, r := range records {
			if err == nil && n > 0 && r.Change.SequenceNumber == answer.BatchItemFailures[0].ItemIdentifier {
				records, retries = records[n:], 21
				break
			}
		}
	}
	return 0
}

// Lambda gives up whole batches, and yet the neighbours of an unreadable record are published.
func TestOnlyTheUnreadableRecordIsGivenUp(t *testing.T) {
	all := readEvent(t, "audit.json").Records
	good := all[slices.IndexFunc(all, func(r events.DynamoDBEventRecord) bool { return r.EventName == "REMOVE" })]
	for _, at := range []int{0, 13, 29} {
		var records []events.DynamoDBEventRecord
		for n := range 30 {
			r := good
			if n == at {
				r.Change.Keys = map[string]events.DynamoDBAttributeValue{"PK": events.NewStringAttribute("?")}
			}
			r.EventID, r.Change.SequenceNumber = fmt.Sprint("event", n), fmt.Sprint("sequence", n)
			records = append(records, r)
		}
		bus := &fakeBus{}
		if givenUp := mapping(t.Context(), publisher(t, bus), records); givenUp != 1 || len(bus.events) != 29 {
			t.Errorf("record %d is unreadable: got %d records given up and %d events published, want 1 and 29", at, givenUp, len(bus.events))
		}
	}
}
