package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
)

// newLog is the handler of the log: lines for people on a terminal, JSON elsewhere, unless the settings choose.
func newLog(cfg config, out io.Writer) slog.Handler {
	if cfg.logFormat == "json" || cfg.logFormat == "" && !isTerminal(out) {
		return slog.NewJSONHandler(out, &slog.HandlerOptions{Level: cfg.logLevel})
	}
	// https://no-color.org
	plain := cfg.getenv("NO_COLOR") != "" || cfg.getenv("TERM") == "dumb" || !isTerminal(out)
	return readable{tint.NewTextHandler(out, &tint.Options{Level: cfg.logLevel, TimeFormat: time.TimeOnly, NoColor: plain})}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readable makes what was asked the message of a request's line, and leaves out what says nothing to people.
type readable struct{ slog.Handler }

// Handle is slog.Handler's.
func (h readable) Handle(ctx context.Context, r slog.Record) error {
	var method, path string
	var rest []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "method":
			method = a.Value.String()
		case "path":
			path = a.Value.String()
		case "status":
			rest = append(rest, tint.Attr(statusColor(a.Value), a))
		case "apiRequestId":
		default:
			if a.Value.Kind() != slog.KindString || a.Value.String() != "" {
				rest = append(rest, a)
			}
		}
		return true
	})
	message := r.Message
	if path != "" {
		message = method + " " + path
	}
	line := slog.NewRecord(r.Time, r.Level, message, 0)
	line.AddAttrs(rest...)
	return h.Handler.Handle(ctx, line)
}

// statusColor is an ANSI color: green for what went well, yellow for a caller's mistake, red for a failure.
func statusColor(status slog.Value) uint8 {
	switch {
	case status.Kind() != slog.KindInt64 || status.Int64() >= 500:
		return 9
	case status.Int64() >= 400:
		return 11
	}
	return 10
}
