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
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Operator is what the operator functions are built on. They have no route: they are invoked with IAM, and
// their errors are read by the operator.
type Operator struct {
	Store  session.Store
	Now    func() time.Time
	Random io.Reader
	Log    telemetry.Log
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
	outcome := "ok"
	if err != nil {
		outcome = outcomeOf(err, faultOf(err).status)
	}
	o.Log.Write(ctx, telemetry.Line{
		Operation: op, Outcome: outcome, Started: started, Attrs: []slog.Attr{slog.String("tenant", tenant)}, Err: err,
	})
}
