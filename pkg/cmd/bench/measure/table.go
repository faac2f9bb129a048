package measure

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// Table is a Markdown table whose columns are aligned in a terminal too. The first row is its head.
func Table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), len("---"))
		}
	}
	var text strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&text, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		text.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				text.WriteString("|" + strings.Repeat("-", width+2))
			}
			text.WriteString("|\n")
		}
	}
	return text.String()
}

// Machine is the date, the processor and the toolchain of a result, without the machine's name.
func Machine() string {
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo") // Linux has it
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%s, %d x %s, %s/%s, %s", time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}
