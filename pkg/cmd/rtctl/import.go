package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

const (
	importBatch = 100     // what import-sessions takes in one call
	maxLine     = 1 << 16 // bytes; longer than any session
)

func (c *ctl) importSessions() *cobra.Command {
	var application string
	cmd := &cobra.Command{
		Use:   "import FILE.jsonl --application APPLICATION",
		Short: "Bring sessions of another system along, one JSON object in a line",
		Long: "Each line has userId and tokenSha256, the SHA-256 of a refresh token in hexadecimal digits, and may have\n" +
			"createdAt, absoluteExpiresAt, claims, scope and device. The command says which sessions it skipped and why.\n" +
			"After an interruption the same command goes on where it was: FILE.jsonl.progress remembers.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			i, err := c.newImport(file, application)
			if err != nil {
				return err
			}
			err = i.run(cmd.Context())
			i.clearBar()
			if err != nil {
				return fmt.Errorf("%w (%d lines are done: the same command goes on behind them)", err, i.done.Line)
			}
			return errors.Join(i.report(), i.forget())
		},
	}
	cmd.Flags().StringVar(&application, "application", "", "the application of the sessions")
	_ = cmd.MarkFlagRequired("application") // it exists
	return cmd
}

// importing is an import under way.
type importing struct {
	*ctl

	application string
	lines       *bufio.Reader
	name        string
	size        int64
	done        progress
	batch       []json.RawMessage
	numbers     []int // of the lines of the batch
	read        progress
}

// newImport goes on where an earlier import of the file was interrupted.
func (c *ctl) newImport(file *os.File, application string) (*importing, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	i := &importing{ctl: c, application: application, name: file.Name() + ".progress", size: info.Size()}
	if err := i.remember(file, c.stack+" "+c.tenant+" "+application); err != nil {
		return nil, err
	}
	i.read, i.lines = i.done, bufio.NewReaderSize(file, maxLine)
	return i, nil
}

// run imports batch after batch.
func (i *importing) run(ctx context.Context) error {
	for {
		line, err := i.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if line != nil {
			i.batch, i.numbers = append(i.batch, line), append(i.numbers, i.read.Line)
		}
		if len(i.batch) == importBatch || errors.Is(err, io.EOF) {
			if err := i.send(ctx); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// next is the next line; nil for a blank one. Errors: io.EOF behind the last one, also beside it.
func (i *importing) next() (json.RawMessage, error) {
	raw, err := i.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("line %d has more than %d bytes", i.read.Line+1, maxLine)
	}
	if len(raw) == 0 {
		return nil, err
	}
	i.read.pass(raw)
	line := bytes.TrimSpace(raw)
	if len(line) == 0 {
		return nil, err
	}
	if !json.Valid(line) {
		return nil, fmt.Errorf("line %d is no JSON", i.read.Line)
	}
	return bytes.Clone(line), err
}

// send imports the batch and says what was skipped.
func (i *importing) send(ctx context.Context) error {
	if len(i.batch) > 0 {
		type answer struct {
			Imported int `json:"imported"`
			Skipped  []struct {
				Index int    `json:"index"`
				Why   string `json:"why"`
			} `json:"skipped"`
		}
		out, _, err := call[answer](ctx, i.ctl, "import-sessions", map[string]any{
			"tenantId": i.tenant, "applicationId": i.application, "sessions": i.batch,
		})
		if err != nil {
			return i.located(err)
		}
		i.read.Imported += out.Imported
		i.read.Skipped += len(out.Skipped)
		for _, s := range out.Skipped {
			line := skippedLine{i.numbers[s.Index], s.Why}
			if err := i.say(line, "line %d: %s", line.Line, line.Why); err != nil {
				return err
			}
		}
	}
	i.batch, i.numbers, i.done = nil, nil, i.read
	i.drawBar()
	return i.save()
}

// located names the lines of the file, where an error names the sessions of the batch.
func (i *importing) located(err error) error {
	text := err.Error()
	for n, number := range i.numbers {
		text = strings.ReplaceAll(text, fmt.Sprintf("sessions[%d]", n), fmt.Sprintf("line %d", number))
	}
	return errors.New(text)
}

// report says what became of the whole file.
func (i *importing) report() error {
	return i.say(totals{i.done.Line, i.done.Imported, i.done.Skipped},
		"imported %d sessions of %d lines, skipped %d", i.done.Imported, i.done.Line, i.done.Skipped)
}

// say prints a line at once, or with --json an object in a line: a file of a million lines may have as many to report.
func (i *importing) say(value any, format string, args ...any) error {
	i.clearBar()
	text := fmt.Sprintf(format, args...)
	if i.json {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		text = string(raw)
	}
	_, err := fmt.Fprintln(i.out, harmless(text, false))
	return err
}

const barWidth = 40

// drawBar shows on a terminal how much of the file is done.
func (i *importing) drawBar() {
	if terminal, ok := i.err.(*os.File); !ok || !isTerminal(terminal) || i.size == 0 {
		return
	}
	full := int(barWidth * i.done.Offset / i.size)
	_, _ = fmt.Fprintf(i.err, "\r[%s%s] %3d %%, line %d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		100*i.done.Offset/i.size, i.done.Line)
}

func (i *importing) clearBar() {
	if terminal, ok := i.err.(*os.File); ok && isTerminal(terminal) {
		_, _ = fmt.Fprint(i.err, "\r\x1b[K")
	}
}
