package api

import (
	"context"
	"log/slog"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Unrecorded logs an entry of the history that a store could not write, in full but for the user and the address (law 9).
func Unrecorded(log telemetry.Log) func(context.Context, session.Entry, error) {
	return func(ctx context.Context, e session.Entry, err error) {
		log.LogAttrs(ctx, slog.LevelError, "history entry not written", slog.Any("entry", e), slog.String("error", err.Error()))
	}
}

// cause is what a request says about the changes that it makes.
func (r *Request) cause() session.Cause {
	c := session.Cause{IP: r.Event.RequestContext.Identity.SourceIP, RequestID: r.Event.RequestContext.RequestID}
	if p, err := authorizer.FromContext(r.Event.RequestContext.Authorizer); err == nil {
		c.By = p.Author()
	}
	return c
}
