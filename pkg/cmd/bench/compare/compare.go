// Package compare owns `bench compare`: the same rotating refreshes over HTTP, on one machine, in turns, against this
// service, fosite, oidc-provider and a floor. It measures what each takes, and tries what each answers to concurrent
// uses of one token and to a retry. The harnesses of the two libraries are under testdata, outside this module's build.
package compare

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// mostOfFloor is how many times the floor's CPU per refresh this service may take.
const mostOfFloor = 2.0

// plan is what the command line asks for.
type plan struct {
	rounds, chains int
	turn           time.Duration // of one subject in one round
	out            io.Writer
}

// Run is the subcommand.
func Run(ctx context.Context, args []string, out io.Writer) error {
	p := plan{out: out}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.IntVar(&p.rounds, "rounds", 9, "rounds; each subject has a turn in every round")
	flags.DurationVar(&p.turn, "duration", 3*time.Second, "length of a turn")
	flags.IntVar(&p.chains, "chains", 8, "chains of refreshes at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if p.rounds < 1 || p.chains < 1 || p.turn <= 0 {
		return errors.New("-rounds, -chains and -duration are positive")
	}
	if runtime.GOOS != "linux" {
		return errors.New("compare reads the servers' CPU time from /proc: run it on Linux")
	}
	return p.run(ctx)
}

func (p plan) run(ctx context.Context) (err error) {
	data, err := measure.Scratch("compare")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	all, err := p.subjects(ctx, data)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.server, err = measure.Start(ctx, s.program); err != nil {
			return err
		}
		s.client = measure.NewClient(s.server.Base, max(p.chains, uses))
		defer func() {
			_, stopped := s.server.Stop()
			err = errors.Join(err, stopped)
		}()
	}
	for _, s := range all[1:] { // the floor is not an alternative
		if err := s.try(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := p.measure(ctx, all); err != nil {
		return err
	}
	result := p.result(all)
	path := filepath.Join(measure.Cache, "compare.md")
	fmt.Fprintf(p.out, "\n%s\nAlso in %s\n", result, path)
	return os.WriteFile(path, []byte(result), 0o600)
}

// measure gives every subject a turn in each round. The first round warms up and does not count.
func (p plan) measure(ctx context.Context, all []*subject) error {
	for _, s := range all {
		for range p.chains {
			token, err := s.mint(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.chains = append(s.chains, token)
		}
	}
	for n := range p.rounds + 1 {
		for turn := range all {
			s := all[(turn+n)%len(all)] // each is first at times
			r, err := s.turn(ctx, p.turn)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if n > 0 {
				s.rounds = append(s.rounds, r)
				fmt.Fprintf(p.out, "round %d/%d  %-28s %6.0f/s  %.3f ms CPU  p50 %.2f  p99 %.2f ms\n",
					n, p.rounds, s.name, r.rate, r.cpu, r.p50, r.p99)
			}
		}
	}
	return nil
}

// result is Markdown: medians of all turns, and the verdicts.
func (p plan) result(all []*subject) string {
	rows := [][]string{{
		"", "tokens in", "CPU ms per refresh", "refreshes/s", "p50 ms", "p99 ms",
		fmt.Sprint(uses) + " concurrent uses of one token", "retry after a lost reply",
	}}
	verdicts := ""
	for _, s := range all {
		median := func(value func(round) float64) float64 {
			values := make([]float64, len(s.rounds))
			for i, r := range s.rounds {
				values[i] = value(r)
			}
			return measure.Median(values)
		}
		rows = append(rows, []string{
			s.name, s.store, fmt.Sprintf("%.3f", median(func(r round) float64 { return r.cpu })),
			fmt.Sprintf("%.0f", median(func(r round) float64 { return r.rate })),
			fmt.Sprintf("%.2f", median(func(r round) float64 { return r.p50 })),
			fmt.Sprintf("%.2f", median(func(r round) float64 { return r.p99 })), s.concurrent, s.retry,
		})
		if s.ours {
			verdicts += fmt.Sprintf("%s: %s\n", s.name, verdict(ratio(s, all[0])))
		}
	}
	return fmt.Sprintf("%s\n%s\nMedians of %d interleaved rounds of %s, %d chains of rotating refreshes over HTTP, access\n"+
		"tokens signed with ES256, no request log; CPU of the server's process, user and system.\n%s\n",
		measure.Table(rows), verdicts, p.rounds, p.turn, p.chains, measure.Machine())
}

// ratio is the median, over the rounds, of the CPU per refresh of one subject to that of another in the same round.
func ratio(of, to *subject) float64 {
	values := make([]float64, len(of.rounds))
	for i := range values {
		values[i] = of.rounds[i].cpu / to.rounds[i].cpu
	}
	return measure.Median(values)
}

func verdict(ratio float64) string {
	word := "pass"
	if ratio > mostOfFloor {
		word = "MISS"
	}
	return fmt.Sprintf("%.2f times the floor's CPU per refresh (at most %.0f): %s", ratio, mostOfFloor, word)
}
