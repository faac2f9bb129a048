package main

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

// sample is one request.
type sample struct {
	op   operation
	at   time.Duration // of its end, since the beginning
	took time.Duration
}

// recorder collects the requests of all chains.
type recorder struct {
	mu      sync.Mutex
	started time.Time
	samples []sample
	faults  map[class]int
	first   map[class]string // the text of the first of each
}

func newRecorder(started time.Time) *recorder {
	return &recorder{started: started, faults: map[class]int{}, first: map[class]string{}}
}

func (r *recorder) add(op operation, started time.Time, took time.Duration, fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples = append(r.samples, sample{op, started.Add(took).Sub(r.started), took})
	if fault != nil {
		r.note(fault)
	}
}

func (r *recorder) fault(fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(fault)
}

func (r *recorder) note(err error) {
	var f failure
	if !errors.As(err, &f) {
		f = failure{classWrong, err.Error()}
	}
	if r.faults[f.class]++; r.faults[f.class] == 1 {
		r.first[f.class] = f.text
	}
}

// since returns the samples behind the first n, and how many faults there are.
func (r *recorder) since(n int) (added []sample, faults int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, count := range r.faults {
		faults += count
	}
	return slices.Clone(r.samples[n:]), faults
}

// unexpected says whether anything went wrong that must not.
func (r *recorder) unexpected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for class := range r.faults {
		if class != classUnavailable {
			return true
		}
	}
	return false
}

// stats are the figures of some samples.
type stats struct {
	count              int
	p50, p95, p99, max time.Duration
}

func statsOf(samples []sample) stats {
	latencies := make([]time.Duration, len(samples))
	for i, s := range samples {
		latencies[i] = s.took
	}
	slices.Sort(latencies)
	return stats{
		count: len(latencies),
		p50:   measure.Quantile(latencies, 0.5), p95: measure.Quantile(latencies, 0.95),
		p99: measure.Quantile(latencies, 0.99), max: measure.Quantile(latencies, 1),
	}
}

// intervals cuts samples by the time of their end into n equal parts of length. What ended later, because it was in
// flight when the time was up, is in none.
func intervals(samples []sample, length time.Duration, n int) []stats {
	parts := make([][]sample, n)
	for _, s := range samples {
		if i := int(s.at * time.Duration(n) / length); i >= 0 && i < n {
			parts[i] = append(parts[i], s)
		}
	}
	all := make([]stats, n)
	for i, part := range parts {
		all[i] = statsOf(part)
	}
	return all
}
