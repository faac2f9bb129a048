package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

// summary is the report as text.
func summary(r *recorder, length time.Duration, usage measure.Usage) string {
	var text strings.Builder
	text.WriteString("\n")
	columns := tabwriter.NewWriter(&text, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(columns, "operation\trequests\trequests/s\tp50 ms\tp95 ms\tp99 ms\tmax ms\t")
	row := func(name string, s stats) {
		fmt.Fprintf(columns, "%s\t%d\t%.1f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", name, s.count, float64(s.count)/length.Seconds(),
			measure.Milliseconds(s.p50), measure.Milliseconds(s.p95), measure.Milliseconds(s.p99), measure.Milliseconds(s.max))
	}
	byOperation := map[operation][]sample{}
	for _, s := range r.samples {
		byOperation[s.op] = append(byOperation[s.op], s)
	}
	for _, op := range operations() {
		if len(byOperation[op]) > 0 {
			row(string(op), statsOf(byOperation[op]))
		}
	}
	row("all", statsOf(r.samples))
	_ = columns.Flush() // a strings.Builder takes everything
	fmt.Fprintf(&text, "\nthe service's process: %.0f µs CPU per request, %.1f MB resident at its peak\n",
		float64(usage.CPU.Microseconds())/float64(max(1, len(r.samples))), float64(usage.Peak)/(1<<20))
	text.WriteString("errors: ")
	if len(r.faults) == 0 {
		text.WriteString("none\n")
	}
	for i, class := range slices.Sorted(maps.Keys(r.faults)) {
		if i == 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(&text, "  %6d  %s, first: %s\n", r.faults[class], class, r.first[class])
	}
	return text.String()
}
