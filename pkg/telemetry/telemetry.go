// Package telemetry owns the one line that each invocation of a function writes to the log, and the CloudWatch metric
// that the line carries. Every function writes it here, so that all lines have the same members. It must never decide
// what a caller hears, and never be handed a token, a secret or a hash.
package telemetry

import (
	"context"
	"log/slog"
	"time"
)

// Log writes the lines. Its zero value but for the logger counts nothing, as on a laptop.
type Log struct {
	*slog.Logger

	Namespace string // of the metrics in CloudWatch; "" for none
	Calls     *Calls // nil where requests to DynamoDB are not counted

	Count func(operation, outcome string) // of each line, on a laptop; nil where CloudWatch counts
}

// Line is what became of one invocation.
type Line struct {
	Operation string
	Outcome   string
	Request   string // the id of the request to the API; "" where the API does not call
	Started   time.Time
	Attrs     []slog.Attr // ids and numbers that the operation adds
	Counts    []string    // metrics that count this line, by operation
	Security  bool        // an event that an operator should look at
	Err       error       // a failure of this service, in full; nil for a caller's mistake
}

// Write writes the line of an invocation that ends now.
func (l Log) Write(ctx context.Context, line Line) {
	now := time.Now()
	attrs := append([]slog.Attr{slog.String("op", line.Operation), slog.String("outcome", line.Outcome)}, line.Attrs...)
	if line.Request != "" {
		attrs = append(attrs, slog.String("apiRequestId", line.Request))
	}
	attrs = append(attrs, slog.Float64("ms", float64(now.Sub(line.Started).Microseconds())/1000))
	level := slog.LevelInfo
	if line.Security {
		level, attrs = slog.LevelWarn, append(attrs, slog.Bool("security", true))
	}
	if line.Err != nil {
		level, attrs = slog.LevelError, append(attrs, slog.String("error", line.Err.Error()))
	}
	if l.Calls != nil {
		attrs = append(attrs, slog.Int("dynamodbCalls", l.Calls.Count(ctx)))
	}
	if l.Namespace != "" {
		for _, name := range line.Counts {
			attrs = append(attrs, slog.Int(name, 1))
		}
		attrs = append(attrs, slog.Int("requests", 1), directive(l.Namespace, now, line.Counts))
	}
	if l.Count != nil {
		l.Count(line.Operation, line.Outcome)
	}
	if line.Request != "" {
		ctx = context.Background() // without Lambda's id of the invocation: a line is a bill, and one id is enough
	}
	l.LogAttrs(ctx, level, "request", attrs...)
}

// directive says which members of its line are metrics (CloudWatch embedded metric format). The tenant is not among
// the dimensions: each value would be a metric, and a bill, of its own. Durations and calls are by operation alone.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func directive(namespace string, at time.Time, counts []string) slog.Attr {
	type metric struct{ Name string }
	type metrics struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	byOperation := []metric{{"dynamodbCalls"}, {"ms"}}
	for _, name := range counts {
		byOperation = append(byOperation, metric{name})
	}
	return slog.Any("_aws", struct {
		Timestamp         int64 // milliseconds
		CloudWatchMetrics []metrics
	}{at.UnixMilli(), []metrics{
		{namespace, [][]string{{"op", "outcome"}}, []metric{{"requests"}}},
		{namespace, [][]string{{"op"}}, byOperation},
	}})
}
