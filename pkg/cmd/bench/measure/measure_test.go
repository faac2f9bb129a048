package measure

import (
	"math"
	"testing"
	"time"
)

func TestAQuantileIsTheLeastLatencyThatTheShareDoesNotExceed(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.001: 1, 0.5: 50, 0.501: 51, 0.95: 95, 0.99: 99, 1: 100} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("quantile %v of 1 to 100: got %d, want %d", q, got, want)
		}
	}
	if got := quantile([]time.Duration{7}, 0.99); got != 7 {
		t.Errorf("quantile 0.99 of a single 7: got %d", got)
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile without latencies: got %d, want 0", got)
	}
}

func TestTheMedianIsTheMiddleInAnyOrder(t *testing.T) {
	for want, values := range map[float64][]float64{0: nil, 4: {4}, 2: {3, 1, 2}, 2.5: {4, 1, 3, 2}} {
		if got := Median(values); got != want {
			t.Errorf("median of %v: got %v, want %v", values, got, want)
		}
	}
}

func TestCPUTimeIsUserAndSystemForAnyNameOfTheProgram(t *testing.T) {
	stat := "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 123 77 5 6 20 0 8 0 100 1 2 3"
	if got, err := parseStat([]byte(stat)); err != nil || got != 2*time.Second {
		t.Errorf("123 and 77 ticks of 10 ms: got %v, %v, want 2s", got, err)
	}
	for _, bad := range []string{"", "42 (a) S 1 2 3", "42 (a) S 1 42 42 0 -1 4194560 100 0 0 0 x 77"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}

func TestAxesEndAt1Or2Or5TimesAPowerOfTen(t *testing.T) {
	for value, want := range map[float64]float64{0: 1, 0.03: 0.05, 1: 1, 1.1: 2, 4321: 5000, 5001: 10000} {
		if got := niceAbove(value); math.Abs(got-want) > 1e-12 {
			t.Errorf("above %v: got %v, want %v", value, got, want)
		}
	}
}
