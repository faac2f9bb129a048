package floors

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// TestFloorsHold holds the service to its performance floors. With FLOORS=all it measures those too that take long or
// tell times, prints the table, and fails where a count or a ratio misses its floor: make bench.
func TestFloorsHold(t *testing.T) {
	if raceEnabled() {
		withoutRaceDetector(t)
		return
	}
	bench := os.Getenv("FLOORS") == "all"
	var lines []line
	for _, m := range measurements() {
		if m.bench && !bench {
			continue
		}
		var got []samples
		skipped := false
		if bench {
			fmt.Printf("%-16s", m.name)
		}
		started := time.Now()
		t.Run(m.name, func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			got = m.measure(t)
			for i, r := range m.rows {
				r.check(t, got[i], bench)
			}
		})
		if bench {
			fmt.Printf("%5.1f s\n", time.Since(started).Seconds())
		}
		for i, r := range m.rows {
			l := line{row: r, verdict: "not measured"}
			if skipped {
				l.verdict = "skipped: needs " + m.needs
			} else if i < len(got) {
				l.got, l.verdict = got[i], r.verdict(got[i])
			}
			lines = append(lines, l)
		}
	}
	if bench {
		printTable(os.Stdout, lines)
	}
}

// raceEnabled tells whether this test runs under the race detector, which allocates.
func raceEnabled() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// withoutRaceDetector runs the test again as a process of its own, so that counts are asserted wherever tests run.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	again := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-run", "^"+regexp.QuoteMeta(t.Name())+"$", ".")
	out, err := again.CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Fatal(err)
	}
}

// check fails the test of a row that does not hold. Ratios and times come from the bench alone.
func (r row) check(t *testing.T, got samples, bench bool) {
	t.Helper()
	figures := fmt.Sprintf("%s: %s %s (%s to %s in %d)", r.what, number(median(got)), r.unit, number(slices.Min(got)),
		number(slices.Max(got)), len(got))
	t.Log(figures)
	switch {
	case r.kind == timed:
	case !r.keeps(got, r.hold):
		t.Errorf("%s, to hold %s", figures, r.limit(r.hold))
	case bench && !r.keeps(got, r.asked):
		t.Errorf("%s, asked for are %s", figures, r.limit(r.asked))
	}
}

// keeps tells whether samples keep to a limit.
func (r row) keeps(got samples, limit float64) bool {
	switch r.kind {
	case exact:
		return slices.Min(got) == limit && slices.Max(got) == limit
	case count, ratio, timed:
		return median(got) <= limit
	case shown:
	}
	return true
}

func (r row) verdict(got samples) string {
	switch {
	case r.kind == shown:
		return ""
	case r.keeps(got, r.asked) && r.keeps(got, r.hold):
		return "pass"
	default:
		return "MISS"
	}
}

func (r row) limit(n float64) string {
	switch r.kind {
	case shown:
		return ""
	case exact:
		return "= " + number(n)
	case count, ratio, timed:
	}
	return "<= " + number(n)
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

// line is a row and what was measured.
type line struct {
	row
	got     samples
	verdict string
}

// printTable prints the rows by floor, those without one last.
func printTable(to io.Writer, lines []line) {
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(uint(a.floor-1), uint(b.floor-1)) })
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\n#\tmeasure\tfloor\thold\tmedian\t\tmin\tmax\truns\t\n")
	for _, l := range lines {
		floor, figures := "", "\t\t\t"
		if l.floor > 0 {
			floor = fmt.Sprint(l.floor)
		}
		if len(l.got) > 0 {
			figures = fmt.Sprintf("%s\t%s\t%s\t%s\t%d", number(median(l.got)), l.unit, number(slices.Min(l.got)),
				number(slices.Max(l.got)), len(l.got))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", floor, l.what, l.limit(l.asked), l.limit(l.hold), figures, l.verdict)
	}
	_ = w.Flush()
	fmt.Fprintf(to, "\n%s, %s, %d cores, %s %s/%s\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), processor(),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// processor names the CPU where Linux tells it.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // another system has none
	for l := range strings.Lines(string(info)) {
		if name, model, _ := strings.Cut(l, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown CPU"
}
