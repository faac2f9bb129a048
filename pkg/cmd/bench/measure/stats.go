package measure

import (
	"math"
	"slices"
	"time"
)

// Stats are figures of some latencies, in milliseconds.
type Stats struct {
	Count              int
	P50, P95, P99, Max float64
}

// StatsOf takes latencies in any order and sorts them.
func StatsOf(took []time.Duration) Stats {
	slices.Sort(took)
	q := func(q float64) float64 { return Milliseconds(quantile(took, q)) }
	return Stats{Count: len(took), P50: q(0.5), P95: q(0.95), P99: q(0.99), Max: q(1)}
}

// quantile is the nearest-rank quantile of sorted latencies: the least one that at least a share q does not exceed.
// Without latencies it is 0.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the middle value, or the mean of the two in the middle; 0 without values.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	return (sorted[half] + sorted[len(sorted)-1-half]) / 2
}

// Milliseconds is a latency as people compare them.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
