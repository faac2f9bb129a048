package measure

import (
	"math"
	"slices"
	"time"
)

// Quantile is the nearest-rank quantile of sorted latencies, q from 0 to 1: the least one that at least that share
// does not exceed. None at all have 0.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the middle value, or the mean of the two in the middle; 0 of none.
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
