package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// lineMessage is the message of every line about a request, here and in functions.
const lineMessage = "request"

// Lines is the handler of a log with one line for each request. What authorizer, function and gateway log as a request,
// in its context, are attributes of the line that Serve writes; the latest of one name counts. All else is a line of
// its own.
type Lines struct{ slog.Handler }

// Enabled lets a request's line have everything; whether it is written is decided when it is complete.
func (l Lines) Enabled(ctx context.Context, level slog.Level) bool {
	return lineOf(ctx) != nil || l.Handler.Enabled(ctx, level)
}

// Handle is slog.Handler's.
func (l Lines) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == lineMessage && lineOf(ctx).add(r) || !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

// Serve answers with next and writes the line of each request: method, path, status and milliseconds come first. The
// path of a route has the names of its parameters, any other is masked: see shown.
func (l Lines) Serve(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started, x := time.Now(), &line{level: slog.LevelInfo}
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		path, _ := target(r)
		x.set(slog.String("method", shown(r.Method)), slog.String("path", shown(path)), slog.Int("status", 0), slog.Float64("ms", 0))
		defer func() {
			took := float64(time.Since(started).Microseconds()) / 1000
			record := x.close(slog.Int("status", answer.status), slog.Float64("ms", took))
			if l.Handler.Enabled(r.Context(), record.Level) {
				_ = l.Handler.Handle(r.Context(), record)
			}
		}()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), lineKey{}, x)))
	})
}

type lineKey struct{}

// lineOf is the line of the request that a context belongs to, or nil.
func lineOf(ctx context.Context) *line {
	x, _ := ctx.Value(lineKey{}).(*line)
	return x
}

// line is one line while its request is answered.
type line struct {
	mu       sync.Mutex
	level    slog.Level // the highest of its parts
	attrs    []slog.Attr
	complete bool
}

// add takes a record into the line; false without a line, or when it is complete: the function ran on after its time.
func (x *line) add(r slog.Record) bool {
	if x == nil {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.complete {
		return false
	}
	x.level = max(x.level, r.Level)
	r.Attrs(func(a slog.Attr) bool {
		x.put(a)
		return true
	})
	return true
}

// set sets attributes of the line, if there is one.
func (x *line) set(attrs ...slog.Attr) {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, a := range attrs {
		x.put(a)
	}
}

func (x *line) put(a slog.Attr) {
	at := slices.IndexFunc(x.attrs, func(b slog.Attr) bool { return b.Key == a.Key })
	if at < 0 {
		x.attrs = append(x.attrs, a)
		return
	}
	x.attrs[at] = a
}

// close is the line with its last attributes.
func (x *line) close(last ...slog.Attr) slog.Record {
	x.set(last...)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.complete = true
	record := slog.NewRecord(time.Now(), x.level, lineMessage, 0)
	record.AddAttrs(x.attrs...)
	return record
}

// statusWriter knows the status that was sent.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is what http.ResponseController asks for.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// longestShown is the size of the longest part of a path that a log shows; every credential has longer ones.
const longestShown = 24

// shown is a raw path that is no route's, or a method, as a log may have it: printable ASCII, and "…" for each part
// that could be a credential.
func shown(raw string) string {
	const most = 8 // parts
	parts := strings.SplitN(raw, "/", most+1)
	for i, part := range parts {
		if len(part) > longestShown || i == most {
			parts[i] = "…"
			continue
		}
		var plain strings.Builder
		for _, b := range []byte(part) {
			if ' ' < b && b <= '~' {
				plain.WriteByte(b)
			} else {
				fmt.Fprintf(&plain, "%%%02X", b)
			}
		}
		parts[i] = plain.String()
	}
	return strings.Join(parts, "/")
}
