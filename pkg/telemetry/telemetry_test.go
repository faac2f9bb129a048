package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// logged writes one line of an invocation with two requests to DynamoDB, and reads it.
func logged(t *testing.T, namespace string, line telemetry.Line) map[string]any {
	t.Helper()
	var text bytes.Buffer
	calls := &telemetry.Calls{}
	calls.Add(t.Context())
	calls.Add(t.Context())
	logger := slog.New(slog.NewJSONHandler(&text, nil)).With("version", "1")
	telemetry.Log{Logger: logger, Namespace: namespace, Calls: calls}.Write(t.Context(), line)
	var got map[string]any
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatalf("got %q, want one line of JSON: %v", &text, err)
	}
	return got
}

func refreshed() telemetry.Line {
	return telemetry.Line{
		Operation: "refresh", Outcome: "rotated", Started: time.Now(), Attrs: []slog.Attr{slog.String("tenant", "demo")},
	}
}

func TestALineIsAMetric(t *testing.T) {
	line := logged(t, "tokens-prod", refreshed())
	checkMetrics(t, line, "tokens-prod", "dynamodbCalls", "ms", "requests")
	for name, want := range map[string]any{
		"dynamodbCalls": 2.0, "requests": 1.0, "version": "1", "tenant": "demo", "level": "INFO", "security": nil, "error": nil,
	} {
		if line[name] != want {
			t.Errorf("%s: got %v, want %v", name, line[name], want)
		}
	}
}

func TestALineCountsWhatItIsToldTo(t *testing.T) {
	counted := refreshed()
	counted.Counts = []string{"hookFailures"}
	line := logged(t, "tokens-prod", counted)
	checkMetrics(t, line, "tokens-prod", "dynamodbCalls", "hookFailures", "ms", "requests")
	if line["hookFailures"] != 1.0 {
		t.Errorf("hookFailures: got %v, want 1", line["hookFailures"])
	}
}

func TestWithoutANamespaceALineIsNoMetric(t *testing.T) {
	line := logged(t, "", refreshed())
	if line["_aws"] != nil || line["requests"] != nil || line["dynamodbCalls"] != 2.0 {
		t.Errorf("got %v, want a line with the requests to DynamoDB and without a metric", line)
	}
}

func TestTheLevelSaysWhoHasToAct(t *testing.T) {
	for _, c := range []struct {
		change func(*telemetry.Line)
		level  string
		also   string
	}{
		{func(*telemetry.Line) {}, "INFO", "tenant"},
		{func(l *telemetry.Line) { l.Security = true }, "WARN", "security"},
		{func(l *telemetry.Line) { l.Err = errors.New("no table") }, "ERROR", "error"},
	} {
		line := refreshed()
		c.change(&line)
		if got := logged(t, "", line); got["level"] != c.level || got[c.also] == nil {
			t.Errorf("got %v, want level %s and %s", got, c.level, c.also)
		}
	}
}

// checkMetrics holds a line against the specification of the embedded metric format: each metric is a number and
// each dimension a string at the top of the line. The tenant is no dimension.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func checkMetrics(t *testing.T, line map[string]any, namespace string, names ...string) {
	t.Helper()
	raw, err := json.Marshal(line["_aws"])
	if err != nil {
		t.Fatal(err)
	}
	var aws struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&aws); err != nil || len(aws.CloudWatchMetrics) != 2 || aws.Timestamp < 1_700_000_000_000 {
		t.Fatalf("the directive is %s (%v)", raw, err)
	}
	// Each pair of a metric and its dimensions is a bill of its own: only requests are counted by outcome.
	dimensions := map[string]string{"requests": "op outcome", "dynamodbCalls": "op", "ms": "op", "hookFailures": "op"}
	found := map[string]bool{}
	for _, directive := range aws.CloudWatchMetrics {
		if directive.Namespace != namespace || len(directive.Dimensions) != 1 {
			t.Errorf("the directive is %s", raw)
		}
		for _, dimension := range directive.Dimensions[0] {
			if value, ok := line[dimension].(string); !ok || value == "" || dimension == "tenant" {
				t.Errorf("dimension %s is %v", dimension, line[dimension])
			}
		}
		for _, metric := range directive.Metrics {
			if _, ok := line[metric.Name].(float64); !ok {
				t.Errorf("metric %s is %v", metric.Name, line[metric.Name])
			}
			if got := strings.Join(directive.Dimensions[0], " "); got != dimensions[metric.Name] {
				t.Errorf("metric %s: got dimensions %s, want %s", metric.Name, got, dimensions[metric.Name])
			}
			found[metric.Name] = true
		}
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("%s is no metric: %s", name, raw)
		}
	}
	if len(found) != len(names) {
		t.Errorf("metrics are %v, want %v", found, names)
	}
}
