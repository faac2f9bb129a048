package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// Checklist 45: a bad record is isolated, given up in time and kept for a person, and its neighbours arrive.
func TestAuditStreamBisectsGivesUpAndKeepsWhatItGaveUp(t *testing.T) {
	stream := ofType(t, "AWS::Lambda::EventSourceMapping", 1)["AuditStream"]
	for _, c := range []struct {
		property string
		want     any
	}{
		{"EventSourceArn", "TokenTable.StreamArn"},
		{"FunctionName", "AuditFunction.Alias"},
		{"FunctionResponseTypes", []any{"ReportBatchItemFailures"}},
		{"BisectBatchOnFunctionError", true},
		{"DestinationConfig", section{"OnFailure": section{"Destination": "DeadLetters.Arn"}}},
		{"StartingPosition", "TRIM_HORIZON"},
	} {
		if got := fmt.Sprint(stream[c.property]); got != fmt.Sprint(c.want) {
			t.Errorf("%s is %s, want %v", c.property, got, c.want)
		}
	}
	const streamKeeps = 24 * 60 * 60
	retries, age := number(stream["MaximumRetryAttempts"]), number(stream["MaximumRecordAgeInSeconds"])
	if retries < 1 || retries > 100 || age < 60 || age >= streamKeeps {
		t.Errorf("it gives up after %d retries or %d s, want it to before the stream forgets", retries, age)
	}
	if view := at(ofType(t, "AWS::DynamoDB::Table", 1)["TokenTable"]["StreamSpecification"], "StreamViewType"); view != "NEW_AND_OLD_IMAGES" {
		t.Errorf("the stream has %v", view)
	}
}

func number(value any) int {
	n := 0
	_, _ = fmt.Sscan(fmt.Sprint(value), &n)
	return n
}

// The filter lets through what is published by default, and refreshes only where they are asked for.
func TestAuditStreamLeavesRefreshesOut(t *testing.T) {
	filters := at(ofType(t, "AWS::Lambda::EventSourceMapping", 1)["AuditStream"]["FilterCriteria"], "Filters").([]any)
	var always, whenAsked []any
	for _, f := range filters {
		pattern, isPattern := at(f, "Pattern").(string)
		if isPattern {
			always = append(always, decode(t, pattern))
			continue
		}
		choice := f.([]any)
		if choice[0] != "PublishesRefreshes" {
			t.Fatalf("a filter depends on %v", choice[0])
		}
		whenAsked = append(whenAsked, decode(t, at(choice[1], "Pattern").(string)))
	}
	if len(filters) > 5 { // Lambda's quota of a mapping
		t.Errorf("there are %d filters", len(filters))
	}
	raw, err := os.ReadFile("../../events/audit.json")
	if err != nil {
		t.Fatal(err)
	}
	refreshes := 0
	for n, record := range decode(t, string(raw)).(map[string]any)["Records"].([]any) {
		isRefresh := at(record, "eventName") == "MODIFY" && at(record, "dynamodb", "NewImage", "en") == nil &&
			at(record, "dynamodb", "NewImage", "epoch") == nil
		passes := slices.ContainsFunc(always, func(p any) bool { return matches(p, record) })
		if isRefresh {
			refreshes++
		}
		if passes == isRefresh {
			t.Errorf("record %d, a refresh: %t, passes: %t", n, isRefresh, passes)
		}
		if !slices.ContainsFunc(append(always, whenAsked...), func(p any) bool { return matches(p, record) }) {
			t.Errorf("record %d passes no filter at all", n)
		}
	}
	if refreshes == 0 {
		t.Error("no record is a refresh")
	}
}

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// matches is as much of Lambda's event filtering as the template uses: nested objects, lists of values, exists.
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
			return rule == value
		})
	}
	return false
}
