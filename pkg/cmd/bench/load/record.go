package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
)

// sample is one request.
type sample struct {
	operation string
	at        time.Duration // of its end, since the beginning
	took      time.Duration
}

// recorder collects the requests of all chains.
type recorder struct {
	mu       sync.Mutex
	started  time.Time
	samples  []sample
	failures map[service.Class]int
	first    map[service.Class]string // the text of the first of each
}

func newRecorder(started time.Time) *recorder {
	return &recorder{started: started, failures: map[service.Class]int{}, first: map[service.Class]string{}}
}

// do records a request and passes its error on.
func (r *recorder) do(operation string, request func() error) error {
	began := time.Now()
	err := request()
	ended := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples = append(r.samples, sample{operation, ended.Sub(r.started), ended.Sub(began)})
	if err != nil {
		f := service.AnswerError{Class: service.WrongAnswer, Text: err.Error()}
		errors.As(err, &f)
		if r.failures[f.Class]++; r.failures[f.Class] == 1 {
			r.first[f.Class] = operation + ": " + f.Text
		}
	}
	return err
}

// since returns the figures of the samples behind the first n, and how many failures there are.
func (r *recorder) since(n int) (added measure.Stats, failures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, count := range r.failures {
		failures += count
	}
	return statsOf(r.samples[n:]), failures
}

// unexpected says whether there was a failure that must not happen.
func (r *recorder) unexpected() bool {
	for class := range r.failures {
		if class != service.Unavailable {
			return true
		}
	}
	return false
}

func statsOf(samples []sample) measure.Stats {
	took := make([]time.Duration, len(samples))
	for i, s := range samples {
		took[i] = s.took
	}
	return measure.StatsOf(took)
}

// intervals cuts samples by the time of their end into n equal parts of length. A request that was in flight when the
// time was up is left out.
func intervals(samples []sample, length time.Duration, n int) []measure.Stats {
	parts := make([][]sample, n)
	for _, s := range samples {
		if i := int(s.at * time.Duration(n) / length); i >= 0 && i < n {
			parts[i] = append(parts[i], s)
		}
	}
	all := make([]measure.Stats, n)
	for i, part := range parts {
		all[i] = statsOf(part)
	}
	return all
}

// summary is the report as text.
func (r *recorder) summary(length time.Duration, usage measure.Usage) string {
	rows := [][]string{{"operation", "requests", "requests/s", "p50 ms", "p95 ms", "p99 ms", "max ms"}}
	row := func(name string, samples []sample) {
		s := statsOf(samples)
		cells := []string{name, fmt.Sprint(s.Count), fmt.Sprintf("%.1f", float64(s.Count)/length.Seconds())}
		for _, ms := range []float64{s.P50, s.P95, s.P99, s.Max} {
			cells = append(cells, fmt.Sprintf("%.2f", ms))
		}
		rows = append(rows, cells)
	}
	byOperation := map[string][]sample{}
	for _, s := range r.samples {
		byOperation[s.operation] = append(byOperation[s.operation], s)
	}
	for _, operation := range slices.Sorted(maps.Keys(byOperation)) {
		row(operation, byOperation[operation])
	}
	row("all", r.samples)
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s\nthe service's process: %.0f µs CPU per request, %.1f MB resident at its peak\nerrors:",
		measure.Table(rows), float64(usage.CPU.Microseconds())/float64(max(1, len(r.samples))), float64(usage.Peak)/(1<<20))
	for _, class := range slices.Sorted(maps.Keys(r.failures)) {
		fmt.Fprintf(&text, "\n  %d  %s, first: %s", r.failures[class], class, r.first[class])
	}
	if len(r.failures) == 0 {
		text.WriteString(" none")
	}
	return text.String() + "\n"
}
