package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

// logged writes one line through a logger and reads it.
func logged(t *testing.T, namespace string, write func(*slog.Logger)) map[string]any {
	t.Helper()
	var text bytes.Buffer
	calls := func(context.Context) int { return 2 }
	write(slog.New(deploy.Metered(slog.NewJSONHandler(&text, nil), namespace, calls)))
	var line map[string]any
	if err := json.Unmarshal(text.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON line: %v\n%s", err, &text)
	}
	return line
}

// A line is a metric if it names an operation and its outcome, and only then.
func TestLogLinesAreMetrics(t *testing.T) {
	line := logged(t, "RefreshTokens/stack", func(l *slog.Logger) {
		l.With("version", "1").Info("request", "op", "refresh", "outcome", "rotated", "tenant", "demo", "ms", 1.5)
	})
	checkMetrics(t, line, "RefreshTokens/stack", "dynamodbCalls", "ms", "requests")
	if line["dynamodbCalls"] != 2.0 || line["requests"] != 1.0 || line["version"] != "1" {
		t.Errorf("the line says %v", line)
	}
	line = logged(t, "RefreshTokens/stack", func(l *slog.Logger) { l.Info("request", "op", "delete-api-key", "outcome", "ok") })
	checkMetrics(t, line, "RefreshTokens/stack", "dynamodbCalls", "requests")
	for name, write := range map[string]func(*slog.Logger){
		"no outcome":   func(l *slog.Logger) { l.Error("serving stale keys", "error", "no secret", "op", "refresh") },
		"no operation": func(l *slog.Logger) { l.Info("request", "outcome", "rotated") },
	} {
		if line := logged(t, "RefreshTokens/stack", write); line["_aws"] != nil || line["requests"] != nil || line["dynamodbCalls"] != nil {
			t.Errorf("%s: the line says %v", name, line)
		}
	}
}

// Without a namespace nothing is counted, and the line says the requests to DynamoDB all the same.
func TestNoNamespaceIsNoMetrics(t *testing.T) {
	line := logged(t, "", func(l *slog.Logger) { l.Info("request", "op", "refresh", "outcome", "rotated", "ms", 1.5) })
	if line["_aws"] != nil || line["requests"] != nil || line["dynamodbCalls"] != 2.0 {
		t.Errorf("the line says %v", line)
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
			Metrics    []struct{ Name, Unit string }
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&aws); err != nil || len(aws.CloudWatchMetrics) != 1 || aws.Timestamp < 1_700_000_000_000 {
		t.Fatalf("the directive is %s (%v)", raw, err)
	}
	directive := aws.CloudWatchMetrics[0]
	if directive.Namespace != namespace || len(directive.Dimensions) != 1 || len(directive.Dimensions[0]) != 2 {
		t.Errorf("the directive is %s", raw)
	}
	for _, dimension := range directive.Dimensions[0] {
		if value, ok := line[dimension].(string); !ok || value == "" || dimension == "tenant" {
			t.Errorf("dimension %s is %v", dimension, line[dimension])
		}
	}
	units := map[string]string{"requests": "Count", "dynamodbCalls": "Count", "ms": "Milliseconds"}
	found := map[string]bool{}
	for _, metric := range directive.Metrics {
		if _, ok := line[metric.Name].(float64); !ok || units[metric.Name] != metric.Unit {
			t.Errorf("metric %s in %s is %v", metric.Name, metric.Unit, line[metric.Name])
		}
		found[metric.Name] = true
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
