package api

import (
	"log/slog"
	"time"
)

// embedded makes a log line a metric as well (CloudWatch embedded metric format): how many requests and how long
// they took, by operation and outcome. There is no tenant among the dimensions: each value would be a metric, and
// a bill, of its own.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func embedded(namespace string, at time.Time) slog.Attr {
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	return slog.Any("_aws", struct {
		Timestamp         int64 // milliseconds
		CloudWatchMetrics []directive
	}{at.UnixMilli(), []directive{{
		Namespace:  namespace,
		Dimensions: [][]string{{"op", "outcome"}},
		Metrics:    []metric{{"requests", "Count"}, {"ms", "Milliseconds"}},
	}}})
}
