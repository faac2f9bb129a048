package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// harmless escapes what a terminal obeys and what reorders text: control characters and bidirectional marks, as \u202e.
// A name may hold any of them. In JSON line breaks are the format's own.
func harmless(text string, isJSON bool) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			b.WriteString(`\ufffd`)
		case isJSON && r == '\n':
			b.WriteRune(r)
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// show prints an answer as JSON, or else as a table of rows, the first of them its heading. Of an empty list it says on
// standard error whose it is: the tenant may be a mistake.
func (c *ctl) show(raw json.RawMessage, rows ...[]string) error {
	if c.json {
		return c.showJSON(raw)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = harmless(cell, false)
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	if len(rows) == 1 && len(rows[0]) > 1 {
		fmt.Fprintf(c.err, "none in tenant %s\n", harmless(c.tenant, false))
	}
	return w.Flush()
}

func (c *ctl) showJSON(raw json.RawMessage) error {
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, harmless(strings.TrimSpace(text.String()), true))
	return err
}

// done prints a sentence, or the answer with --json.
func (c *ctl) done(raw json.RawMessage, format string, args ...any) error {
	if c.json {
		return c.showJSON(raw)
	}
	_, err := fmt.Fprintln(c.out, harmless(fmt.Sprintf(format, args...), false))
	return err
}

// when is a time as a table shows it.
func when(t *time.Time, never string) string {
	if t == nil {
		return never
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
