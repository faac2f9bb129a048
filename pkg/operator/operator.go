// Package operator owns the functions that an operator invokes with IAM: registering applications, and creating and
// deleting API keys. They have no route, and their errors are read by the operator. It must never log or store an API
// key itself, nor change a session.
package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Store is what the functions change.
type Store interface {
	Application(ctx context.Context, tenant, id string) (session.Application, error)
	PutApplication(ctx context.Context, app session.Application) (session.Application, error)
	PutAPIKey(ctx context.Context, key session.APIKey) error
	DeleteAPIKey(ctx context.Context, tenant, id string) error
}

// Operator is what the functions are built on.
type Operator struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader
	Log    telemetry.Log
}

// function is one of the functions.
type function[In interface{ tenant() string }, Out any] struct {
	op       api.Operation
	run      func(context.Context, In) (Out, error)
	defaults In
}

// invoke reads the input strictly over the defaults, runs the function and writes its log line, which names ids and
// never a key.
func (f function[In, Out]) invoke(ctx context.Context, log telemetry.Log, raw json.RawMessage) (out Out, err error) {
	line, in := telemetry.Line{Operation: string(f.op), Outcome: "ok", Started: time.Now()}, f.defaults
	err = telemetry.Guard(func() (err error) {
		if err = decode(raw, &in); err == nil {
			out, err = f.run(ctx, in)
		}
		return err
	})
	if err != nil {
		line.Outcome, line.Err = api.ErrorOf(err).Outcome(), err
	}
	line.Attrs = []slog.Attr{slog.String("tenant", in.tenant())}
	log.Write(ctx, line)
	return out, err
}

func decode(raw json.RawMessage, in any) error {
	if _, err := api.ParseObject(raw); err != nil {
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
func explain(bad api.Faults) error {
	if err := bad.Err(); err != nil {
		return errors.New(api.Sentences(err, ""))
	}
	return nil
}
