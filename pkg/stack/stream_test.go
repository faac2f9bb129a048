package stack_test

import (
	"maps"
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

// Of a stream that has every kind of record, the publisher is woken for what it publishes and for nothing else.
func TestTheStreamWakesThePublisherForWhatItPublishes(t *testing.T) {
	records, _ := at(decoded(t, read(t, "events/audit.json")), "Records").([]any)
	for _, asked := range []string{"false", "true"} {
		passed := map[string]int{}
		for _, record := range records {
			name, _ := at(record, "eventName").(string)
			sort, _ := at(record, "dynamodb", "Keys", "SK", "S").(string)
			prefix, rest, _ := strings.Cut(sort, "#")
			if strings.Contains(rest, "#TOKEN#") {
				prefix = "session"
			}
			passed[name+" "+prefix] += 0
			if passes(t, asked, record) {
				passed[name+" "+prefix]++
			}
		}
		want := map[string]int{
			"INSERT APP": 0, "INSERT TENANT": 0, "INSERT APIKEY": 0, "INSERT KEY": 0, "MODIFY APP": 0, "INSERT session": 0,
			"INSERT EVENT": 4, "REMOVE session": 2, "MODIFY session": 0,
		}
		if asked == "true" {
			want["MODIFY session"] = 1
		}
		if !maps.Equal(passed, want) {
			t.Errorf("PublishRefreshed=%s: got %v, want %v", asked, passed, want)
		}
	}
}

// Items of 90 days ago are removed by TTL all the time.
func TestTheRemovalOfAnEntryWakesNobody(t *testing.T) {
	for _, asked := range []string{"false", "true"} {
		for sort, want := range map[string]bool{"EVENT#0198c0de": false, "KEY#k": false, "IMPORTED": false, "APP#web#TOKEN#0198c0de": true} {
			record := decoded(t, `{"eventName":"REMOVE","dynamodb":{"Keys":{"PK":{"S":"TENANT#t#USER#u"},"SK":{"S":"`+sort+`"}}}}`)
			if got := passes(t, asked, record); got != want {
				t.Errorf("PublishRefreshed=%s: the removal of %s passes: got %t, want %t", asked, sort, got, want)
			}
		}
	}
}

// passes says whether a filter of the stream lets a record through.
func passes(t *testing.T, refreshes string, record any) bool {
	t.Helper()
	filters := properties[mapping](t, deployed(t, "PublishRefreshed="+refreshes).Resources["AuditStream"]).FilterCriteria.Filters
	if len(filters) > 5 { // Lambda's quota of a mapping
		t.Errorf("there are %d filters, want 5 at most", len(filters))
	}
	return slices.ContainsFunc(filters, func(f struct{ Pattern string }) bool { return matches(decoded(t, f.Pattern), record) })
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
