// Package frame owns what every answer to an API Gateway event has, whatever the operation: CORS and cache headers, a
// JSON body, an answer in place of a panic, and one log line. It must never know a session or an interface: functions
// that publish documents link it, and start without the code of sessions.
package frame

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Handler answers one API Gateway event. It returns no error: every failure is an answer.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Frame is what surrounds every operation.
type Frame struct {
	Origins Origins
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

// Encoder gives an error the shape of one interface.
type Encoder func(error) Answer

// Run is an operation. What it puts into the log line is written, whatever it returns.
type Run func(ctx context.Context, e *events.APIGatewayProxyRequest, line *telemetry.Line) (Answer, error)

// Serve runs an operation, gives its error to the encoder and writes the one log line.
func (f Frame) Serve(operation string, failure Encoder, run Run) Handler {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		line := telemetry.Line{Operation: operation, Request: e.RequestContext.RequestID, Started: time.Now()}
		origin := Headers{e.Headers, e.MultiValueHeaders}.Get("Origin")
		var a Answer
		err := telemetry.Guard(func() (err error) {
			a, err = run(ctx, &e, &line)
			return err
		})
		if err != nil {
			a = failure(err)
		}
		header := http.Header{"Content-Type": {"application/json"}}
		maps.Copy(header, f.Origins.Headers(origin))
		maps.Copy(header, a.Header)
		status := max(a.Status, http.StatusOK)
		if status >= http.StatusInternalServerError {
			line.Err = err
		}
		line.Outcome, line.Security = cmp.Or(a.Outcome, "ok"), line.Security || a.Security
		line.Attrs = append(line.Attrs, slog.Int("status", status))
		f.Log.Write(ctx, line)
		if e.HTTPMethod == http.MethodHead {
			return response(status, header, ""), nil
		}
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
