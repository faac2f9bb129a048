package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Exchange refreshes a session, on every interface. A tenant header must name the tenant of the refresh token.
func (r *Request) Exchange(ctx context.Context, refresher session.Refresher, req session.RefreshRequest) (session.Grant, error) {
	tenant, err := r.Headers.Tenant()
	if err != nil {
		return session.Grant{}, ErrAmbiguous
	}
	if strings.TrimSpace(req.Token) != req.Token {
		return session.Grant{}, ErrSpaced
	}
	req.Tenant = tenant
	req.Seen = session.SeenFrom(r.Event.RequestContext.Identity.SourceIP, r.Headers.Get("User-Agent"))
	grant, err := refresher.Refresh(ctx, req)
	var refusal *session.RefreshError
	switch {
	case err == nil:
		r.subject = subject{grant.Session.Key, grant.Session.Generation, grant.Retry(), grant.SinceRotation}
	case errors.As(err, &refusal):
		r.subject = subject{key: refusal.Key, generation: refusal.Generation}
	}
	r.Tenant = r.subject.key.Tenant
	return grant, err
}

// Refreshed is the answer to a refresh, with what its log line says. An operator should look at a retry from elsewhere.
func Refreshed(grant session.Grant, header http.Header, body any) Answer {
	return Answer{
		Header: header, Body: body, Outcome: string(grant.Outcome), Security: grant.Outcome == session.RetriedElsewhere,
	}
}

// Ended is the answer to a token that has no session to end or to show, with why in its log line. An operator should look
// at a wrong root.
func Ended(err error, body any) Answer {
	why := session.RefusalOutcome(err)
	return Answer{Body: body, Outcome: string(why), Security: why == session.WrongRoot}
}

// subject is the session that a refresh was about: what a log line says of it, never its user.
type subject struct {
	key           session.Key
	generation    uint32
	retry         bool
	sinceRotation time.Duration // of a retry
}

func (s subject) attrs() []slog.Attr {
	if s.key.ID == (token.ID{}) {
		return nil
	}
	attrs := []slog.Attr{
		slog.String("session", s.key.ID.String()), slog.String("application", s.key.Application),
		slog.Uint64("generation", uint64(s.generation)),
	}
	if s.retry {
		attrs = append(attrs, slog.Int64("sinceRotationMs", s.sinceRotation.Milliseconds()))
	}
	return attrs
}
