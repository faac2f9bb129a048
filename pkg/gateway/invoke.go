package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

var (
	errTimeout = errors.New("no answer in time")
	errPanic   = errors.New("panicked")
)

// call runs the route's function.
func (x *exchange) call(event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, *failure) {
	answer, err := invoke(x, x.route.function, event)
	switch {
	case errors.Is(err, errTimeout):
		x.report("function", x.route.Operation, err)
		return answer, fail(integrationTimeout504)
	case err != nil:
		x.report("function", x.route.Operation, err)
		return answer, fail(malformedAnswer)
	}
	return answer, nil
}

// report logs why an authorizer or function has no good answer.
func (x *exchange) report(what, operation string, err error) {
	x.config.Log.LogAttrs(x.r.Context(), slog.LevelError, lineMessage, slog.String("op", operation),
		slog.String("outcome", what+" failed"), slog.String("apiRequestId", x.ids.request), slog.String("error", err.Error()))
}

// invoke runs a function until it answers or its time is over; then the function runs on unwatched. As on AWS a
// client that goes away does not end it.
func invoke[Event, Answer any, F ~func(context.Context, Event) (Answer, error)](x *exchange, f F, event Event,
) (Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), x.config.Timeout)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: x.ids.request})
	type outcome struct {
		answer Answer
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		o := outcome{err: errPanic} // unless f returns
		defer func() {
			if cause := recover(); cause != nil {
				o.err = fmt.Errorf("%w (%T)\n%s", errPanic, cause, telemetry.Trace())
			}
			done <- o
		}()
		o.answer, o.err = f(ctx, event)
	}()
	select {
	case o := <-done:
		return o.answer, o.err
	case <-ctx.Done():
		var none Answer
		return none, fmt.Errorf("%w (%s)", errTimeout, x.config.Timeout.Round(time.Millisecond))
	}
}
