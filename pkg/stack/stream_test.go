package stack_test

import (
	"slices"
	"strings"
	"testing"
)

type mapping struct {
	FunctionResponseTypes                           []string
	MaximumRetryAttempts, MaximumRecordAgeInSeconds int
	DestinationConfig                               struct{ OnFailure struct{ Destination string } }
	FilterCriteria                                  struct{ Filters []struct{ Pattern string } }
}

// A bad record is given up in time and kept for a person, and its neighbours arrive: lifecycle names the records
// that failed. Without limits Lambda repeats a batch until the stream forgets it, a day later.
func TestTheStreamGivesABadRecordUpInTime(t *testing.T) {
	stream := properties[mapping](t, deployed(t).Resources["AuditStream"])
	const streamKeeps = 24 * 60 * 60
	if n, age := stream.MaximumRetryAttempts, stream.MaximumRecordAgeInSeconds; n < 1 || age < 60 || age >= streamKeeps {
		t.Errorf("it gives up after %d retries or %d s, want limits below %d s", n, age, streamKeeps)
	}
	if got := stream.DestinationConfig.OnFailure.Destination; got != arn("DeadLetters") {
		t.Errorf("given-up records go to %q, want %s", got, arn("DeadLetters"))
	}
	if !slices.Contains(stream.FunctionResponseTypes, "ReportBatchItemFailures") {
		t.Errorf("Lambda reads %v of an answer, want the failures that it lists", stream.FunctionResponseTypes)
	}
}

// Refreshes are most of the changes: they pass the filter only where they are asked for, what else happens to sessions and
// applications always.
func TestTheStreamLeavesRefreshesOutUnlessAskedFor(t *testing.T) {
	records, _ := at(decoded(t, read(t, "events/audit.json")), "Records").([]any)
	for _, asked := range []string{"false", "true"} {
		filters := properties[mapping](t, deployed(t, "PublishRefreshed="+asked).Resources["AuditStream"]).FilterCriteria.Filters
		if len(filters) > 5 { // Lambda's quota of a mapping
			t.Errorf("there are %d filters, want 5 at most", len(filters))
		}
		refreshes := 0
		for n, record := range records {
			isRefresh := at(record, "eventName") == "MODIFY" && at(record, "dynamodb", "NewImage", "en") == nil &&
				at(record, "dynamodb", "NewImage", "epoch") == nil
			if isRefresh {
				refreshes++
			}
			got := slices.ContainsFunc(filters, func(f struct{ Pattern string }) bool { return matches(decoded(t, f.Pattern), record) })
			sort, _ := at(record, "dynamodb", "Keys", "SK", "S").(string)
			if want := strings.HasPrefix(sort, "APP#") && (!isRefresh || asked == "true"); got != want {
				t.Errorf("PublishRefreshed=%s: record %d, a refresh: %t, passes: %t, want %t", asked, n, isRefresh, got, want)
			}
		}
		if refreshes == 0 || refreshes == len(records) {
			t.Errorf("%d of %d records are refreshes, want some of each", refreshes, len(records))
		}
	}
}

// An entry of the history, and its removal by TTL, start no function.
func TestTheStreamLeavesEntriesOfTheHistoryOut(t *testing.T) {
	for _, asked := range []string{"false", "true"} {
		filters := properties[mapping](t, deployed(t, "PublishRefreshed="+asked).Resources["AuditStream"]).FilterCriteria.Filters
		for _, name := range []string{"INSERT", "REMOVE"} {
			for sort, want := range map[string]bool{"EVENT#0198c0de": false, "KEY#k": false, "APP#web#TOKEN#0198c0de": true} {
				record := decoded(t, `{"eventName":"`+name+`","dynamodb":{"Keys":{"PK":{"S":"TENANT#t#USER#u"},"SK":{"S":"`+sort+`"}}}}`)
				got := slices.ContainsFunc(filters, func(f struct{ Pattern string }) bool { return matches(decoded(t, f.Pattern), record) })
				if got != want {
					t.Errorf("%s of %s passes: got %t, want %t", name, sort, got, want)
				}
			}
		}
	}
}

// matches is as much of Lambda's event filtering as the template uses: nested objects, lists of values, exists, prefix.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
func matches(pattern, value any) bool {
	switch p := pattern.(type) {
	case map[string]any:
		object, isObject := value.(map[string]any)
		for name, rule := range p {
			if !isObject || !matches(rule, object[name]) {
				return false
			}
		}
		return true
	case []any:
		return slices.ContainsFunc(p, func(rule any) bool {
			if exists, isRule := at(rule, "exists").(bool); isRule {
				return exists == (value != nil)
			}
			if prefix, isRule := at(rule, "prefix").(string); isRule {
				text, _ := value.(string)
				return strings.HasPrefix(text, prefix)
			}
			return rule == value
		})
	}
	return false
}
