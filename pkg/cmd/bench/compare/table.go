package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// limit is how many times the floor's CPU per refresh the service may take.
const limit = 2.0

// table is the result as Markdown.
func table(all []*subject, answers []behaviour) string {
	var text strings.Builder
	text.WriteString("| | tokens in | CPU ms per refresh | refreshes/s | p50 ms | p99 ms | " +
		fmt.Sprint(uses) + " concurrent uses of one token | retry after a lost reply |\n|---|---|---|---|---|---|---|---|\n")
	for i, s := range all {
		m := s.medians()
		concurrent, retry := answers[i].concurrent, answers[i].retry
		if s.name == "floor" {
			concurrent, retry = "", ""
		}
		fmt.Fprintf(&text, "| %s | %s | %.3f | %.0f | %.2f | %.2f | %s | %s |\n", s.name, s.store, m.cpu, m.rate, m.p50, m.p99, concurrent, retry)
	}
	return text.String()
}

// judge holds a subject against the floor.
func judge(s, floor *subject, chains int) string {
	r, word := ratio(s, floor), "pass"
	if r > limit {
		word = "MISS"
	}
	return fmt.Sprintf("CPU per refresh at %d chains: %s takes %.2f times the floor's (at most %.0f): %s\n", chains, s.name, r, limit, word)
}

// machine says when and on what it was measured, without the machine's name.
func machine(now time.Time) string {
	model := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d x %s, %s/%s, %s, node %s",
		now.UTC().Format("2006-01-02"), runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version(), nodeVersion())
}

func nodeVersion() string {
	//nolint:noctx // it prints its version and ends
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		return "missing"
	}
	return strings.TrimSpace(string(out))
}
