package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

// round is what one server did in one of its turns.
type round struct {
	rate     float64 // refreshes per second
	cpu      float64 // of the server's process, milliseconds per refresh
	p50, p99 float64 // milliseconds
}

// turn lets every chain refresh for a while; chains holds their tokens, and the next ones after it.
func (s *subject) turn(ctx context.Context, chains []string, length time.Duration) (round, error) {
	defer s.client.CloseIdleConnections() // a server may close them while others have their turns
	before, err := s.server.CPU()
	if err != nil {
		return round{}, err
	}
	latencies, errs := make([][]time.Duration, len(chains)), make([]error, len(chains))
	var workers sync.WaitGroup
	started := time.Now()
	for i := range chains {
		workers.Go(func() {
			for errs[i] == nil && time.Since(started) < length && ctx.Err() == nil {
				latencies[i], errs[i] = s.step(ctx, &chains[i], latencies[i])
			}
		})
	}
	workers.Wait()
	took := time.Since(started)
	for _, err := range errs {
		if err != nil {
			return round{}, err
		}
	}
	after, err := s.server.CPU()
	if err != nil {
		return round{}, err
	}
	all := slices.Concat(latencies...)
	if len(all) == 0 {
		return round{}, fmt.Errorf("%s: no refresh in a turn", s.name)
	}
	slices.Sort(all)
	return round{
		rate: float64(len(all)) / took.Seconds(),
		cpu:  measure.Milliseconds(after-before) / float64(len(all)),
		p50:  measure.Milliseconds(measure.Quantile(all, 0.5)),
		p99:  measure.Milliseconds(measure.Quantile(all, 0.99)),
	}, nil
}

func (s *subject) step(ctx context.Context, token *string, latencies []time.Duration) ([]time.Duration, error) {
	started := time.Now()
	next, status, err := s.refresh(ctx, *token)
	if err != nil {
		return latencies, err
	}
	if status != http.StatusOK {
		return latencies, fmt.Errorf("%s: the only holder of a token was refused: status %d", s.name, status)
	}
	*token = next
	return append(latencies, time.Since(started)), nil
}

// chainsOf starts n chains.
func (s *subject) chainsOf(ctx context.Context, n int) ([]string, error) {
	chains := make([]string, n)
	for i := range chains {
		var err error
		if chains[i], err = s.mint(ctx, s); err != nil {
			return nil, err
		}
	}
	return chains, nil
}

// medians is the middle of all turns, value by value.
func (s *subject) medians() round {
	of := func(value func(round) float64) float64 {
		values := make([]float64, len(s.rounds))
		for i, r := range s.rounds {
			values[i] = value(r)
		}
		return measure.Median(values)
	}
	return round{
		rate: of(func(r round) float64 { return r.rate }), cpu: of(func(r round) float64 { return r.cpu }),
		p50: of(func(r round) float64 { return r.p50 }), p99: of(func(r round) float64 { return r.p99 }),
	}
}

// ratio is the median, over the rounds, of the CPU per refresh of one subject to that of another in the same round.
func ratio(of, to *subject) float64 {
	values := make([]float64, min(len(of.rounds), len(to.rounds)))
	for i := range values {
		values[i] = of.rounds[i].cpu / to.rounds[i].cpu
	}
	return measure.Median(values)
}
