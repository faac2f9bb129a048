package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// comparison is of places of one kind.
type comparison struct {
	home   string
	sizes  []int
	rounds int
	open   func(sessions int) (*place, error) // fills one
}

// run fills a store of each size, measures them in turn, and writes the table.
func (c comparison) run(ctx context.Context, out io.Writer) (err error) {
	var places []*place
	defer func() {
		for _, p := range places {
			err = errors.Join(err, p.close())
		}
	}()
	for _, sessions := range c.sizes {
		started := time.Now()
		p, err := c.open(sessions)
		if err != nil {
			return fmt.Errorf("%s with %d sessions: %w", c.home, sessions, err)
		}
		places = append(places, p)
		_, _ = fmt.Fprintf(out, "%s: %d sessions in %.1f s\n", c.home, sessions, time.Since(started).Seconds())
	}
	all := make([][][len(operations)]measured, len(places))
	for range c.rounds {
		for _, n := range rand.Perm(len(places)) { //nolint:gosec // only an order
			if ctx.Err() != nil {
				return ctx.Err()
			}
			m, err := places[n].round(ctx)
			if err != nil {
				return fmt.Errorf("%s with %d sessions: %w", c.home, places[n].sessions, err)
			}
			all[n] = append(all[n], m)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return write(out, places, all)
}

// write tells the medians by size, how they grow, and the requests.
func write(out io.Writer, places []*place, all [][][len(operations)]measured) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := []string{"median ms at"}
	for _, p := range places {
		row = append(row, fmt.Sprint(p.sessions))
	}
	_, err1 := fmt.Fprintln(t, strings.Join(append(row, "growth", "", "requests to DynamoDB"), "\t"))
	for n, operation := range operations {
		row := []string{operation}
		var medians []time.Duration
		for _, rounds := range all {
			median := medianOf(rounds, n)
			medians = append(medians, median)
			row = append(row, fmt.Sprintf("%.3f", float64(median.Nanoseconds())/1e6))
		}
		growth := float64(medians[len(medians)-1]) / float64(medians[0])
		verdict := "pass"
		if growth > mostGrowth {
			verdict = "MISS"
		}
		row = append(row, fmt.Sprintf("%.2f", growth), verdict, requestsOf(all, n))
		_, err := fmt.Fprintln(t, strings.Join(row, "\t"))
		err1 = errors.Join(err1, err)
	}
	return errors.Join(err1, t.Flush())
}

func medianOf(rounds [][len(operations)]measured, operation int) time.Duration {
	took := make([]time.Duration, len(rounds))
	for i, m := range rounds {
		took[i] = m[operation].took
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// requestsOf is what every round of every size sent alike, or all that some of them did.
func requestsOf(all [][][len(operations)]measured, operation int) string {
	var different []string
	for _, rounds := range all {
		for _, m := range rounds {
			if !slices.Contains(different, m[operation].requests) {
				different = append(different, m[operation].requests)
			}
		}
	}
	return strings.Join(different, " or ")
}
