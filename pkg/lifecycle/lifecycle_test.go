package lifecycle_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// fakeBus records events. If refuse is set, it refuses event n, counted from 0, where refuse(n) is true.
type fakeBus struct {
	events []types.PutEventsRequestEntry
	calls  int
	refuse func(n int) bool
	err    error
}

func (b *fakeBus) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options),
) (*eventbridge.PutEventsOutput, error) {
	b.calls++
	if b.err != nil {
		return nil, b.err
	}
	if len(in.Entries) > 10 {
		return nil, errors.New("more than EventBridge takes")
	}
	out := &eventbridge.PutEventsOutput{}
	for _, e := range in.Entries {
		result := types.PutEventsResultEntry{EventId: aws.String("1")}
		if b.refuse != nil && b.refuse(len(b.events)) {
			result = types.PutEventsResultEntry{ErrorCode: aws.String("ThrottlingException")}
			out.FailedEntryCount++
		}
		b.events = append(b.events, e)
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

// summary is the type, extent and subject of each event.
func (b *fakeBus) summary() []string {
	var events []string
	for _, e := range b.events {
		var d event.Detail
		_ = json.Unmarshal([]byte(*e.Detail), &d)
		about := d.TokenID
		switch d.Extent {
		case event.ExtentUser:
			about = d.TokenIDs[0]
		case event.ExtentApplication:
			about = fmt.Sprint(d.Epoch)
		case event.ExtentKey:
			about = d.KeyID
		}
		events = append(events, fmt.Sprint(*e.DetailType, " ", d.Extent, " ", about))
	}
	return events
}

func publisher(t *testing.T, bus lifecycle.Bus) lifecycle.Publisher {
	t.Helper()
	return lifecycle.Publisher{Bus: bus, Name: "bus", Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(t.Output(), nil))}}
}

func wantSame(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func readEvent(t *testing.T, name string) (batch events.DynamoDBEvent) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(eventFile), name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

func TestEachRecordedBatchPublishesItsEvents(t *testing.T) {
	rows := map[string][]string{
		"audit.json": {
			"token.issued user", "token.refreshed token", "token.deleted token", "token.expired token",
			"token.deleted application", "application.changed application", "key.deleted key",
		},
		"audit-ttl.json":       {"token.expired token"},
		"audit-malformed.json": {"token.issued user"}, // what comes before the malformed record
		"audit-empty.json":     nil,
	}
	files, err := filepath.Glob(filepath.Dir(eventFile) + "/audit*.json")
	if err != nil || len(files) != len(rows) {
		t.Errorf("got %d files, want %d: add a row for each file", len(files), len(rows))
	}
	for name, want := range rows {
		bus := &fakeBus{}
		answer, err := publisher(t, bus).Handle(t.Context(), readEvent(t, name))
		if malformed := name == "audit-malformed.json"; malformed != (len(answer.BatchItemFailures) == 1) {
			t.Errorf("%s: got answer %v, want one failure: %v", name, answer, malformed)
		}
		if empty := name == "audit-empty.json"; (err != nil) != empty {
			t.Errorf("%s: got error %v, want one: %v", name, err, empty)
		}
		var kinds []string
		for _, one := range bus.summary() {
			kinds = append(kinds, one[:strings.LastIndex(one, " ")])
		}
		wantSame(t, kinds, want)
	}
}

func TestEventsAndLogHoldNoSecretAndNoAddress(t *testing.T) {
	var log bytes.Buffer
	bus := &fakeBus{}
	batch := readEvent(t, "audit.json")
	p := lifecycle.Publisher{Bus: bus, Name: "bus", Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&log, nil))}}
	if _, err := p.Handle(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.Write(log.Bytes())
	for _, e := range bus.events {
		text.WriteString(*e.Detail)
		detail := map[string]any{}
		if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil {
			t.Fatal(err)
		}
		for name := range detail {
			if !slices.Contains(fields(), name) {
				t.Errorf("got field %q in an event, want one of %v", name, fields())
			}
		}
	}
	searched := 0
	for _, r := range batch.Records {
		for _, image := range []map[string]events.DynamoDBAttributeValue{r.Change.OldImage, r.Change.NewImage} {
			for name, value := range image {
				var secret string
				if value.DataType() == events.DataTypeBinary { // hashes and ids of access tokens
					secret = base64.StdEncoding.EncodeToString(value.Binary())
				}
				if value.DataType() == events.DataTypeString { // claims and scope
					secret = value.String()
				}
				if len(secret) < 6 || slices.Contains(published(), name) {
					continue
				}
				searched++
				if strings.Contains(text.String(), secret[:6]) {
					t.Errorf("got the value of %s in an event or a log line, want none", name)
				}
			}
		}
	}
	if searched < 10 {
		t.Errorf("got %d values to search for, want at least 10", searched)
	}
}

// fields are those of an event.
func fields() []string {
	return []string{
		"id", "at", "tenantId", "applicationId", "extent", "userId", "tokenId", "tokenIds", "count", "generation", "epoch",
		"keyId", "changed", "reason", "by", "requestId",
	}
}

// published are the attributes of items that events may hold: keys, and all of an entry but the address.
func published() []string {
	return []string{"PK", "SK", "GSI1PK", "ev", "id", "ap", "wy", "by", "rq", "st", "ky"}
}

func TestTheAnswerNamesTheFirstUnpublishedRecord(t *testing.T) {
	batch := readEvent(t, "audit.json")
	// 24 records, each with an event: three requests of PutEvents.
	one := batch.Records[slices.IndexFunc(batch.Records, func(r events.DynamoDBEventRecord) bool {
		return r.EventName == "REMOVE" && strings.Contains(r.Change.Keys["PK"].String(), "#USER#")
	})]
	batch.Records = nil
	for n := range 24 {
		one.EventID, one.Change.SequenceNumber = fmt.Sprint("event", n), fmt.Sprint("sequence", n)
		batch.Records = append(batch.Records, one)
	}
	for _, c := range []struct {
		name  string
		bus   fakeBus
		stop  string
		calls int
	}{
		{"nothing fails", fakeBus{}, "", 3},
		{"an event in the middle is refused", fakeBus{refuse: func(n int) bool { return n == 13 }}, "sequence13", 2},
		{"the first and the last are refused", fakeBus{refuse: func(n int) bool { return n == 0 || n == 23 }}, "sequence0", 1},
		{"EventBridge is unreachable", fakeBus{err: errors.New("no route")}, "sequence0", 1},
	} {
		answer, err := publisher(t, &c.bus).Handle(t.Context(), batch)
		var stop string
		if len(answer.BatchItemFailures) > 0 {
			stop = answer.BatchItemFailures[0].ItemIdentifier
		}
		if err != nil || stop != c.stop || c.bus.calls != c.calls || len(answer.BatchItemFailures) > 1 {
			t.Errorf("%s: got failures %v after %d calls, %v; want %q after %d", c.name, answer.BatchItemFailures, c.bus.calls, err, c.stop, c.calls)
		}
		for n, e := range c.bus.events {
			if !strings.Contains(*e.Detail, fmt.Sprintf(`"id":"event%d"`, n)) || *e.Source != "refresh-tokens" || *e.EventBusName != "bus" ||
				!e.Time.Equal(one.Change.ApproximateCreationDateTime.Time) || time.Since(*e.Time) < 0 {
				t.Errorf("%s: got %s as event %d of %s", c.name, *e.Detail, n, *e.Source)
			}
		}
	}
}

// Lambda takes a missing list for success, but a person who invokes the function should see it.
func TestAnAnswerWithoutFailuresIsAnEmptyList(t *testing.T) {
	answer, err := lifecycle.Publisher{Bus: &fakeBus{}, Name: "bus", Log: telemetry.Log{Logger: slog.New(slog.NewJSONHandler(io.Discard, nil))}}.
		Handle(t.Context(), readEvent(t, "audit.json"))
	raw, _ := json.Marshal(answer)
	if want := `{"batchItemFailures":[]}`; err != nil || string(raw) != want {
		t.Errorf("got %s, %v; want %s", raw, err, want)
	}
}
