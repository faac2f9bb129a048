// Package floors owns `bench floors`: what a refresh, an authorisation, a deletion and a cold start cost, each with its
// limit and a verdict. Functions run as they are deployed, built with the Makefile's flags under package runtimeapi, and
// beside a function that does nothing (bare), in turns. Allocations are those of this process, over the wiring of the
// deployed functions and a server that allocates nothing. The tests assert the counts; a time never fails anything.
package floors

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// samples are the figures that several runs gave for one row.
type samples []float64

// kind says how samples are judged.
type kind int

const (
	count kind = iota // the median is at most the limit
	exact             // every sample is the limit
	ratio             // like count, of figures of one run
	timed             // like count, but a miss fails nothing
	shown             // there is no limit
)

// row is one line of the table.
type row struct {
	floor string // its number; "" for a figure beside the floors
	what  string
	unit  string
	kind  kind
	limit float64
}

// keeps tells whether samples keep to the limit.
func (r row) keeps(got samples) bool {
	switch r.kind {
	case exact:
		return slices.Min(got) == r.limit && slices.Max(got) == r.limit
	case shown:
		return true
	default:
		return measure.Median(got) <= r.limit
	}
}

// cells are the row's in the table.
func (r row) cells(got samples) []string {
	limit, verdict := "<= "+number(r.limit), "pass"
	switch r.kind {
	case shown:
		limit, verdict = "", ""
	case exact:
		limit = "= " + number(r.limit)
	case count, ratio, timed:
	}
	if !r.keeps(got) {
		verdict = "MISS"
	}
	span := fmt.Sprintf("%s to %s in %d", number(slices.Min(got)), number(slices.Max(got)), len(got))
	return []string{r.floor, r.what, limit, number(measure.Median(got)) + " " + r.unit, span, verdict}
}

// number prints three digits or more.
func number(n float64) string {
	switch {
	case n == float64(int64(n)) || n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	default:
		return fmt.Sprintf("%.2f", n)
	}
}

// Run is the subcommand. Its arguments name the measurements to take; without any it takes all.
func Run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("floors", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	table := [][]string{{"#", "measure", "limit", "median", "spread", ""}}
	var failures []error
	for _, m := range measurements {
		if flags.NArg() > 0 && !slices.Contains(flags.Args(), m.name) {
			continue
		}
		began := time.Now()
		got, err := take(ctx, m)
		fmt.Fprintf(out, "%-15s %5.1f s\n", m.name, time.Since(began).Seconds())
		if skipped := (*skip)(nil); errors.As(err, &skipped) {
			fmt.Fprintf(out, "%s: skipped: %v\n", m.name, err)
			continue
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", m.name, err))
			continue
		}
		for i, r := range m.rows {
			table = append(table, r.cells(got[i]))
			if !r.keeps(got[i]) && r.kind != timed {
				failures = append(failures, fmt.Errorf("floor %s: %s is not kept", r.floor, r.what))
			}
		}
	}
	slices.SortStableFunc(table[1:], func(a, b []string) int { return order(a[0]) - order(b[0]) })
	fmt.Fprintf(out, "\n%s\n%s\n", measure.Table(table), measure.Machine())
	return errors.Join(failures...)
}

// order sorts the floors by number, and figures without one last.
func order(floor string) (n int) {
	if _, err := fmt.Sscan(floor, &n); err != nil {
		return 1 << 10
	}
	return n
}
