package capacity

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table tells the limits that typical loads meet one after the other, each load with the settings that the one
// before it had to have.
func Table(refreshes ...float64) string {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	line := func(cells string) { _, _ = fmt.Fprintln(t, cells) } // a strings.Builder takes everything
	line("refreshes/s\tlimit\tallows\tlifted by\tto")
	settings := Defaults()
	for _, r := range refreshes {
		var met []Limit
		settings, met = settings.Lift(Typical(r))
		first := fmt.Sprint(int(r))
		if len(met) == 0 {
			line(first + "\tnone\t\t\t")
		}
		for _, m := range met {
			line(fmt.Sprintf("%s\t%s\t%.0f\t%s\t%.0f", first, m.Name, m.Allows, m.Setting, m.Value))
			first = ""
		}
	}
	_ = t.Flush()
	return out.String()
}

// Bill tells what a million refreshes cost, item by item.
func Bill(o Options) string {
	var out strings.Builder
	bill := Cost(o)
	for _, i := range bill {
		_, _ = fmt.Fprintf(&out, "%-15s  %.3f  %s\n", i.Name, i.Dollars, i.How)
	}
	_, _ = fmt.Fprintf(&out, "%-15s  %.2f\n", "in all", Total(bill))
	return out.String()
}
