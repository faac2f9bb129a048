package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Handler answers one API Gateway event. It returns no error: every failure is an answer.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Shell is what surrounds every operation.
type Shell struct {
	Origins Origins
	Issuer  string // the service's own URL
	Log     telemetry.Log
}

// Answer is what an operation or an encoder gives back: an answer in the shape of its interface.
type Answer struct {
	Status   int // 0: 200
	Header   http.Header
	Body     any    // written as JSON
	Outcome  string // for the log line; "": ok
	Security bool   // an operator should look at the log line
}

// PublicMaxAge is the Cache-Control of published keys and metadata. A rotation of the keys waits for it.
func PublicMaxAge() string {
	return fmt.Sprintf("public, max-age=%d", keys.PublishedFor/time.Second)
}

// Encoder gives an error the shape of one interface.
type Encoder func(error) Answer

// Run is an operation.
type Run func(ctx context.Context, r *Request) (Answer, error)

// Serve answers preflights, runs the operation, gives its error to the encoder and writes the one log line.
func (s Shell) Serve(op Operation, failure Encoder, run Run) Handler {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		line := telemetry.Line{Started: time.Now()}
		r := newRequest(&e, op)
		origin := r.Headers.Get("Origin")
		if e.HTTPMethod == http.MethodOptions {
			return response(http.StatusNoContent, s.Origins.preflight(origin), ""), nil
		}
		var a Answer
		err := telemetry.Guard(func() (err error) {
			a, err = run(ctx, r)
			return err
		})
		if err != nil {
			a = failure(err)
		}
		header := http.Header{"Content-Type": {"application/json"}}
		maps.Copy(header, s.Origins.Headers(origin))
		maps.Copy(header, a.Header)
		status := max(a.Status, http.StatusOK)
		if status >= http.StatusInternalServerError {
			line.Err = err
		}
		line.Operation, line.Outcome, line.Security = string(r.Operation), cmp.Or(a.Outcome, "ok"), a.Security
		line.Attrs = []slog.Attr{
			slog.Int("status", status), slog.String("tenant", r.Tenant), slog.String("apiRequestId", e.RequestContext.RequestID),
		}
		line.Attrs = append(line.Attrs, r.subject.attrs()...)
		s.Log.Write(ctx, line)
		return response(status, header, marshal(a.Body)), nil
	}
}

func response(status int, header http.Header, body string) events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: status, MultiValueHeaders: header, Body: body}
}

// marshal ends with a line break, for those who read answers on a terminal.
func marshal(body any) string {
	text, err := json.Marshal(body)
	if err != nil {
		return "" // not reached: every body is a type of an interface
	}
	return string(text) + "\n"
}
