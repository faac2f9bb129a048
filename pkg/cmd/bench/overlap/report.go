package overlap

import (
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// Print writes the two tables and what their rows and columns mean.
func (r Results) Print(out io.Writer) {
	fmt.Fprintf(out, "False logouts per 10 000 sessions, without a thief (%d sessions each)\n\n", r.Sessions)
	behaviours := names(Behaviours(), func(b Behaviour) string { return b.Name })
	fmt.Fprint(out, r.table(behaviours, func(policy int) []string { return names(r.Logouts[policy], r.per10000) }))
	fmt.Fprintf(out, "\nHow long a thief has a living session: median / 90 %% (%d sessions each)\n\n", r.Thefts)
	thieves := names(Thieves(), func(t Thief) string { return t.Name })
	fmt.Fprint(out, r.table(thieves, func(policy int) []string { return names(r.Lives[policy], Lives.String) }))
	r.legend(out)
}

// table has a row for each policy.
func (r Results) table(columns []string, cells func(policy int) []string) string {
	rows := [][]string{append([]string{""}, columns...)}
	for i, p := range Policies() {
		rows = append(rows, append([]string{p.Name}, cells(i)...))
	}
	return measure.Table(rows)
}

func (r Results) legend(out io.Writer) {
	fmt.Fprint(out, "\nClients\n")
	for _, h := range Behaviours() {
		fmt.Fprintf(out, "  %-15s %s\n", h.Name, h.Does)
	}
	fmt.Fprintf(out, "\nThieves: a holder refreshes %s after the access token is over, on average\n", brief(r.Idle))
	for _, t := range Thieves() {
		fmt.Fprintf(out, "  %-15s %s\n", t.Name, t.Does)
	}
	fmt.Fprint(out, "\nProducts whose documentation has the rule\n")
	for _, p := range Policies() {
		for _, product := range p.Products {
			fmt.Fprintf(out, "  %s: %s\n    %s\n    %s\n", p.Name, product.Name, product.Says, product.Page)
		}
	}
}

func (r Results) per10000(n int) string {
	return fmt.Sprintf("%.0f", float64(n)*10_000/float64(r.Sessions))
}

// String shows the median, the 90 % quantile, and the share that is not caught in 30 days.
func (l Lives) String() string {
	uncaught := l.Never()
	if uncaught == len(l) {
		return "never caught"
	}
	text := brief(l.Quantile(0.5)) + " / " + brief(l.Quantile(0.9))
	if uncaught > 0 {
		text += fmt.Sprintf(", %.0f %% never", 100*float64(uncaught)/float64(len(l)))
	}
	return text
}

// brief shows a time in its largest unit that fits.
func brief(d time.Duration) string {
	switch {
	case d == never:
		return "never"
	case d < time.Second:
		return "0"
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 2*day:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

func names[T any](all []T, name func(T) string) (list []string) {
	for _, one := range all {
		list = append(list, name(one))
	}
	return list
}
