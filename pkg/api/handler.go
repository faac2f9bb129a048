package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Handler answers one API Gateway event. It returns no error: every failure is an answer.
type Handler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Core is what handlers are built on.
type Core struct {
	Sessions *session.Service
	// Authorizer is needed by Refresh alone, the one route that has no authorizer in front of it.
	Authorizer *authorizer.Authorizer
	Origins    Origins
	Log        *slog.Logger
}

// operation is one thing that the API can do.
type operation func(ctx context.Context, r *request) (answer, error)

// serve is the shell around an operation.
func (c Core) serve(op string, shape encoder, do operation) Handler {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		started := time.Now()
		r := newRequest(&e)
		r.op = op
		origin := r.headers.Get("Origin")
		if e.HTTPMethod == http.MethodOptions {
			return response(http.StatusNoContent, c.Origins.preflight(origin), ""), nil
		}
		a, err := guarded(ctx, r, do)
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
		c.log(ctx, r, served{answer: a, err: err, status: status, took: time.Since(started)})
		return response(status, header, body), nil
	}
}

// guarded turns a panic into an error, so that one bad request is one bad answer.
func guarded(ctx context.Context, r *request, do operation) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			// The panic's value may hold a credential; where it happened does not.
			err = fmt.Errorf("panic (%T) at %s", p, debug.Stack())
		}
	}()
	return do(ctx, r)
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
	answer answer
	err    error
	status int
	took   time.Duration
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
	level := slog.LevelInfo
	line := []slog.Attr{
		slog.String("op", r.op), slog.String("outcome", s.outcome()), slog.Int("status", s.status),
		slog.String("tenant", r.tenant), slog.String("apiRequestId", r.event.RequestContext.RequestID),
		slog.Float64("ms", float64(s.took.Microseconds())/1000),
	}
	switch {
	case errors.Is(s.err, session.ErrReused):
		level, line = slog.LevelWarn, append(line, slog.Bool("security", true))
	case s.status >= http.StatusInternalServerError:
		level, line = slog.LevelError, append(line, slog.String("error", s.err.Error()))
	}
	c.Log.LogAttrs(ctx, level, "request", line...)
}
