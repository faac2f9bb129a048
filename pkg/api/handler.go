package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Handler answers one API Gateway event. It returns no error: every failure is an answer.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Core is what handlers are built on.
type Core struct {
	// Sessions has the verbs that the operation runs; the others stay empty.
	Sessions session.Verbs
	// Verifier checks the access token beside a refresh token.
	Verifier token.Verifier
	// Issuer is the service's own URL.
	Issuer string
	// Authorizer is needed by Refresh alone, the one route that has no authorizer in front of it.
	Authorizer *authorizer.Authorizer
	Origins    Origins
	Log        telemetry.Log
}

// operation is one thing that the API can do.
type operation func(ctx context.Context, r *request) (answer, error)

// serve is the shell around an operation.
func (c Core) serve(op string, shape encoder, do operation) Handler {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		line := telemetry.Line{Started: time.Now()}
		r := newRequest(&e)
		r.op = op
		origin := r.headers.Get("Origin")
		if e.HTTPMethod == http.MethodOptions {
			return response(http.StatusNoContent, c.Origins.preflight(origin), ""), nil
		}
		var a answer
		err := telemetry.Guard(func() (err error) {
			a, err = do(ctx, r)
			return err
		})
		header := http.Header{"Content-Type": {"application/json"}}
		merge(header, c.Origins.Headers(origin))
		var body string
		status := max(a.status, http.StatusOK)
		if err != nil {
			var failure any
			status, failure = shape.failure(err)
			body = marshal(failure)
			merge(header, failureHeaders(status, err))
		} else {
			body = marshal(shape.success(a))
		}
		merge(header, a.header)
		c.log(ctx, r, served{line: line, answer: a, err: err, status: status})
		return response(status, header, body), nil
	}
}

func failureHeaders(status int, err error) http.Header {
	var client oauthError
	switch status {
	case http.StatusUnauthorized:
		if errors.As(err, &client) {
			return http.Header{"Www-Authenticate": {`Basic realm="oauth2"`}} // the scheme of the client (RFC 6749 section 5.2)
		}
		return http.Header{"Www-Authenticate": {"Bearer"}}
	case http.StatusServiceUnavailable:
		return http.Header{"Retry-After": {"1"}}
	}
	return nil
}

func merge(into, from http.Header) {
	for name, values := range from {
		into[name] = values
	}
}

func response(status int, header http.Header, body string) events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: status, MultiValueHeaders: header, Body: body}
}

// served is what became of a request.
type served struct {
	line   telemetry.Line
	answer answer
	err    error
	status int
}

// outcome names what became of a request, for logs and metrics.
func (s served) outcome() string {
	switch {
	case s.err != nil:
		return outcomeOf(s.err, s.status)
	case s.answer.outcome != "":
		return string(s.answer.outcome)
	}
	return "ok"
}

// log writes the one line of a request. It names ids, never a token, a secret or a hash.
func (c Core) log(ctx context.Context, r *request, s served) {
	line := s.line
	line.Operation, line.Outcome, line.Security = r.op, s.outcome(), errors.Is(s.err, session.ErrReused)
	line.Attrs = []slog.Attr{
		slog.Int("status", s.status), slog.String("tenant", r.tenant),
		slog.String("apiRequestId", r.event.RequestContext.RequestID),
	}
	if s.status >= http.StatusInternalServerError {
		line.Err = s.err
	}
	c.Log.Write(ctx, line)
}
