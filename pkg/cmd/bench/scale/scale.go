// Package scale owns `bench scale`: how long operations take with 10^3 to 10^6 sessions. Each size is a process of the
// local service with its own file; the sessions are written into that file while the process does not run. It judges
// growth by ratios of medians of one run, and reaches 127.0.0.1 only.
package scale

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// mostGrowth is how many times longer an operation may take with the most sessions than with the fewest.
const mostGrowth = 1.2

// Run is the subcommand.
func Run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	largest := flags.Int("largest", 1_000_000, "sessions of the largest service, a power of ten; the smallest has 1 000")
	rounds := flags.Int("rounds", 300, "how often each operation is measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	const smallest = 1_000
	if *largest < smallest || *rounds < 1 {
		return fmt.Errorf("-largest is at least %d, -rounds at least 1", smallest)
	}
	program, err := measure.Build(ctx, ".build", "./pkg/cmd/local")
	if err != nil {
		return err
	}
	dir, err := measure.Scratch("scale")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var all []*populated
	defer func() {
		for _, p := range all {
			_, stopped := p.server.Stop()
			err = errors.Join(err, stopped)
		}
	}()
	for n := smallest; n <= *largest; n *= 10 {
		began := time.Now()
		p, err := populate(ctx, program, dir, n)
		if err != nil {
			return fmt.Errorf("%d sessions: %w", n, err)
		}
		all = append(all, p)
		fmt.Fprintf(out, "%d sessions in %.1f s\n", n, time.Since(began).Seconds())
	}
	return compare(ctx, out, all, *rounds)
}

// compare measures each size once a round, in random order, so that a busy moment of the machine slows all alike.
func compare(ctx context.Context, out io.Writer, all []*populated, rounds int) error {
	for range rounds {
		for _, n := range rand.Perm(len(all)) { //nolint:gosec // an order
			if err := all[n].round(ctx); err != nil {
				return fmt.Errorf("%d sessions: %w", all[n].sessions, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	head := []string{"median ms at"}
	for _, p := range all {
		head = append(head, fmt.Sprint(p.sessions))
	}
	rows := [][]string{append(head, "growth", "")}
	for n, operation := range operations {
		row, medians := []string{operation}, []float64{}
		for _, p := range all {
			median := measure.StatsOf(p.took[n]).P50
			row, medians = append(row, fmt.Sprintf("%.3f", median)), append(medians, median)
		}
		growth, verdict := medians[len(medians)-1]/medians[0], "pass"
		if growth > mostGrowth {
			verdict = "MISS"
		}
		rows = append(rows, append(row, fmt.Sprintf("%.2f", growth), verdict))
	}
	fmt.Fprintf(out, "\n%s\nGrowth is at most %.1f. %d rounds. %s\n", measure.Table(rows), mostGrowth, rounds, measure.Machine())
	return nil
}
