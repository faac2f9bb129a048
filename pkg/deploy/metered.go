package deploy

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Metered makes a metric of every log line that names an operation (op) and its outcome: it adds the requests to
// DynamoDB that calls counts, and what CloudWatch counts in a namespace, by operation and outcome; "" for none. All
// other lines pass as they are.
func Metered(next slog.Handler, namespace string, calls func(context.Context) int) slog.Handler {
	return metered{next, namespace, calls}
}

type metered struct {
	slog.Handler

	namespace string
	calls     func(context.Context) int
}

// Handle is slog.Handler's.
func (m metered) Handle(ctx context.Context, line slog.Record) error {
	var op, outcome, ms bool
	line.Attrs(func(a slog.Attr) bool {
		op, outcome, ms = op || a.Key == "op", outcome || a.Key == "outcome", ms || a.Key == "ms"
		return true
	})
	if op && outcome {
		line.AddAttrs(slog.Int("dynamodbCalls", m.calls(ctx)))
		if m.namespace != "" {
			line.AddAttrs(slog.Int("requests", 1), directive(m.namespace, line.Time, ms))
		}
	}
	return m.Handler.Handle(ctx, line)
}

// WithAttrs is slog.Handler's.
func (m metered) WithAttrs(attrs []slog.Attr) slog.Handler {
	return metered{m.Handler.WithAttrs(attrs), m.namespace, m.calls}
}

// WithGroup is slog.Handler's.
func (m metered) WithGroup(name string) slog.Handler {
	return metered{m.Handler.WithGroup(name), m.namespace, m.calls}
}

// directive says which members of its line are metrics (CloudWatch embedded metric format). There is no tenant among
// the dimensions: each value would be a metric, and a bill, of its own.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func directive(namespace string, at time.Time, timed bool) slog.Attr {
	type metric struct{ Name, Unit string }
	type metrics struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	names := []metric{{"requests", "Count"}, {"dynamodbCalls", "Count"}, {"ms", "Milliseconds"}}
	if !timed {
		names = names[:2]
	}
	return slog.Any("_aws", struct {
		Timestamp         int64 // milliseconds
		CloudWatchMetrics []metrics
	}{at.UnixMilli(), []metrics{{namespace, [][]string{{"op", "outcome"}}, names}}})
}

// calls counts the requests to DynamoDB of the invocation at hand, the SDK's retries included. A process serves one
// invocation at a time.
type calls struct {
	mu         sync.Mutex
	invocation string
	sent       int
}

// add counts one request.
func (c *calls) add(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnTo(ctx)
	c.sent++
}

// of is the count so far.
func (c *calls) of(ctx context.Context) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnTo(ctx)
	return c.sent
}

func (c *calls) turnTo(ctx context.Context) {
	if lambda, ok := lambdacontext.FromContext(ctx); ok && lambda.AwsRequestID != c.invocation {
		c.invocation, c.sent = lambda.AwsRequestID, 0
	}
}
