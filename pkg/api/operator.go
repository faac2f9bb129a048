package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Operator is what the operator functions are built on. They have no route: they are invoked with IAM, and
// their errors are read by the operator.
type Operator struct {
	Store  session.Store
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
}

// decodeStrict reads an operator's input into in, whose preset fields are defaults. Unknown keys are errors.
func decodeStrict(raw json.RawMessage, in any) error {
	if _, err := parseObject(raw); err != nil {
		return fmt.Errorf("the input must be one JSON object: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		return fmt.Errorf("the input has a key or a value that is not known here: %w", err)
	}
	return nil
}

// explain turns fields at fault into one error that an operator can act on.
func explain(bad faults) error {
	if len(bad) == 0 {
		return nil
	}
	sentences := make([]string, len(bad))
	for i, f := range bad {
		sentences[i] = f.Message
	}
	return errors.New(strings.Join(sentences, " "))
}

// done writes the one line of an invocation. It names ids, never a key.
func (o Operator) done(ctx context.Context, op, tenant string, started time.Time, err error) {
	level, outcome := slog.LevelInfo, "ok"
	if err != nil {
		level, outcome = slog.LevelError, outcomeOf(err, faultOf(err).status)
	}
	line := []slog.Attr{
		slog.String("op", op), slog.String("outcome", outcome), slog.String("tenant", tenant),
		slog.Float64("ms", float64(time.Since(started).Microseconds())/1000),
	}
	if err != nil {
		line = append(line, slog.String("error", err.Error()))
	}
	o.Log.LogAttrs(ctx, level, "request", line...)
}
