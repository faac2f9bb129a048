// Package operator owns the functions that an operator invokes with IAM: what makes, shows and ends applications and API
// keys, and imports sessions. They have no route, and their errors are read by the operator. It must never log or store an
// API key itself, nor change a session that exists.
package operator

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Store is what the functions read and change: no session that exists.
type Store interface {
	session.Applications
	session.Registry
	session.APIKeys
	session.ImportStore
}

// Operator is what the functions are built on.
type Operator struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader
	Log    telemetry.Log
}

// Functions are all functions, for a process that serves them together.
func (o Operator) Functions() map[api.Operation]func(context.Context, json.RawMessage) (any, error) {
	return map[api.Operation]func(context.Context, json.RawMessage) (any, error){
		api.PutApplication:       untyped(o.PutApplication),
		api.RetrieveApplications: o.RetrieveApplications,
		api.DeleteApplication:    untyped(o.DeleteApplication),
		api.DeleteByTenant:       untyped(o.DeleteByTenant),
		api.CreateAPIKey:         untyped(o.CreateAPIKey),
		api.RotateAPIKey:         untyped(o.RotateAPIKey),
		api.ListAPIKeys:          untyped(o.ListAPIKeys),
		api.DeleteAPIKey:         untyped(o.DeleteAPIKey),
		api.ImportSessions:       untyped(o.ImportSessions),
	}
}

func untyped[Out any](
	f func(context.Context, json.RawMessage) (Out, error),
) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, raw json.RawMessage) (any, error) { return f(ctx, raw) }
}

// input is a payload. A log line shows its ids, and never a key or a name.
type input interface{ attrs() []slog.Attr }

// function is one of the functions.
type function[In input, Out any] struct {
	op  api.Operation
	run func(context.Context, In) (Out, error)
}

// invoke reads the payload strictly, runs the function and writes its log line.
func (f function[In, Out]) invoke(ctx context.Context, log telemetry.Log, raw json.RawMessage) (out Out, err error) {
	line := telemetry.Line{Operation: string(f.op), Outcome: "ok", Started: time.Now()}
	var in In
	err = telemetry.Guard(func() (err error) {
		if err = decode(raw, "", &in); err == nil {
			out, err = f.run(session.WithCause(ctx, session.Cause{By: session.ByOperator}), in)
		}
		return err
	})
	line.Attrs = in.attrs()
	if err == nil {
		log.Write(ctx, line)
		return out, nil
	}
	line.Outcome = api.ErrorOf(err).Outcome()
	answer := answerOf(err)
	if !isMistake(answer) {
		line.Err = err
	}
	log.Write(ctx, line)
	var nothing Out
	return nothing, answer
}

// record writes an entry of the history of a tenant (law 9).
func (o Operator) record(ctx context.Context, e session.Entry) {
	session.Record(ctx, o.Store, o.Now(), e)
}

// recordEnding writes the entry of an ending, unless another request's is the one that ended the sessions.
func (o Operator) recordEnding(ctx context.Context, ending session.Ending, e session.Entry) {
	if e.Epoch = ending.Epoch; ending.Own {
		o.record(ctx, e)
	}
}

// object is an entry's object of what changed.
func object(changed map[string]any) json.RawMessage {
	raw, _ := json.Marshal(changed) // values of the API always marshal
	return raw
}

// keyMade is the entry of a new API key.
func keyMade(key session.APIKey) session.Entry {
	shown := keyOutputOf(key)
	return session.Entry{Tenant: key.Tenant, Event: session.EventKeyMade, APIKey: key.ID, Changed: object(map[string]any{
		"name": shown.Name, "permissions": shown.Permissions, "expiresAt": shown.ExpiresAt,
	})}
}

// named are the attributes of a line: pairs of name and id, without those that are not given.
func named(pairs ...string) (attrs []slog.Attr) {
	for pair := range slices.Chunk(pairs, 2) {
		if name, id := pair[0], pair[len(pair)-1]; id != "" {
			attrs = append(attrs, slog.String(name, id))
		}
	}
	return attrs
}
