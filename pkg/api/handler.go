// Package api owns the shell around every operation on sessions: in the frame of pkg/frame it turns an API Gateway event
// into a request that is read strictly, and errors of the core into statuses. It holds the table of operations and who
// may run them, and cookies. It must never know an interface, decide whether a session is good, touch a store, or put a
// credential into a log line or an error.
//
// The packages below this one are the published interfaces: each reads its requests into typed values, calls one verb of
// the core, and encodes answers and errors in its own shape.
package api

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Handler answers one API Gateway event.
type Handler = frame.Handler

// Answer is what an operation or an encoder gives back.
type Answer = frame.Answer

// Encoder gives an error the shape of one interface.
type Encoder = frame.Encoder

// HeaderOperation tells a caller which of two documented meanings its request has.
const HeaderOperation = frame.HeaderOperation

// Shell is what surrounds every operation on sessions.
type Shell struct {
	frame.Frame

	Issuer       issuer.Service // the service's own URL
	CookieDomain string         // Domain of the cookies; "" for the host alone
	PublicURLs   []dpop.Base    // those that a proof of possession names
}

// Run is an operation.
type Run func(ctx context.Context, r *Request) (Answer, error)

// Serve runs the operation in the frame. What it has learnt of the request goes into the log line, whatever it answers.
func (s Shell) Serve(op Operation, failure Encoder, run Run) Handler {
	return s.Frame.Serve(string(op), failure, func(
		ctx context.Context, e *events.APIGatewayProxyRequest, line *telemetry.Line,
	) (Answer, error) {
		r := newRequest(e, op)
		r.bases = s.PublicURLs
		defer func() {
			line.Operation = string(r.Operation)
			line.Attrs = append([]slog.Attr{slog.String("tenant", r.Tenant)}, r.subject.attrs()...)
			r.hook.note(line)
		}()
		return run(session.WithCause(ctx, r.cause()), r)
	})
}
