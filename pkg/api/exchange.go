package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
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
	req.Proof = r.Headers.Proof(r.bases)
	req.Seen = session.SeenFrom(r.Event.RequestContext.Identity.SourceIP, r.Headers.Get("User-Agent"))
	grant, err := refresher.Refresh(ctx, req)
	r.NoteHook(grant, err)
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

// Refreshed is the answer to a refresh, with the outcome for its log line. An operator should look at a retry from
// elsewhere.
func Refreshed(grant session.Grant, header http.Header, body any) Answer {
	return Answer{
		Header: header, Body: body, Outcome: string(grant.Outcome), Security: grant.Outcome == session.RetriedElsewhere,
	}
}

// hook is what a log line says of the claims hook.
type hook struct {
	said    session.HookSaid
	failure error
}

// NoteHook puts what the claims hook said into the log line of an issue or a refresh.
func (r *Request) NoteHook(grant session.Grant, err error) {
	r.hook = hook{grant.Hook, grant.HookFailure}
	var refusal *session.RefreshError
	switch {
	case errors.As(err, &refusal):
		r.hook.said = refusal.Hook
	case errors.Is(err, session.ErrIssueDenied):
		r.hook.said = session.HookDenied
	case errors.Is(err, session.ErrHookFailed):
		r.hook.said = session.HookFailed
	}
}

// note adds the hook to a line. A failure that the caller does not see is an event to look at all the same.
func (h hook) note(line *telemetry.Line) {
	if h.said == "" {
		return
	}
	line.Attrs = append(line.Attrs, slog.String("hook", string(h.said)))
	if h.said == session.HookFailed {
		line.Counts = append(line.Counts, "hookFailures")
	}
	if h.failure != nil {
		line.Attrs, line.Security = append(line.Attrs, slog.String("hookError", h.failure.Error())), true
	}
}

// Ended is the answer to a token that has no session to end or to show, with the reason for its log line. An operator
// should look at a wrong root.
func Ended(err error, body any) Answer {
	why := session.RefusalOutcome(err)
	return Answer{Body: body, Outcome: string(why), Security: why == session.WrongRoot}
}

// subject is the session of a refresh, as a log line describes it: without its user.
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

// Unrecorded logs an entry of the history that a store could not write (law 9). It leaves out the user and the address.
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

// Accompanying is what came beside a refresh token (law 6). An access token may have expired.
type Accompanying struct {
	// Text came in the header or the body; "" if nothing did.
	Text string
	// Cookies came by cookie. They count where Text is absent. One that does not fit counts as absent.
	Cookies []string
	// Refusal is the answer to a Text that does not fit. A narrowed Text counts as absent. So does a Text of an unknown
	// key or issuer, unless the session needs an access token.
	Refusal error
}

// AccessToken takes an access token out of an Authorization header of scheme Bearer or DPoP. It is "" for an API key and
// for Basic, which count as absent. The boolean is false for anything else.
func AccessToken(authorization string) (string, bool) {
	text, ok := authorizer.Credential(authorization, "Bearer", "DPoP")
	if ok && !token.IsAPIKey(text) {
		return text, true
	}
	return "", ok || authorizer.Scheme(authorization, "Basic")
}

// ExchangeBeside is Exchange with what came beside the refresh token.
func (r *Request) ExchangeBeside(ctx context.Context, refresher session.Refresher, companion token.Companion,
	req session.RefreshRequest, a Accompanying,
) (session.Grant, error) {
	access, err := genuine(ctx, companion, a.Text)
	foreign := errors.Is(err, token.ErrForeignAccess)
	switch {
	case err != nil && !errors.Is(err, token.ErrBadAccess):
		return session.Grant{}, err
	case err != nil && !foreign:
		return session.Grant{}, a.Refusal
	case len(access) > 0:
		req.Access = &access[0]
	default:
		req.Cookies, err = genuine(ctx, companion, a.Cookies...)
		if err != nil && !errors.Is(err, token.ErrBadAccess) {
			return session.Grant{}, err
		}
	}
	grant, err := r.Exchange(ctx, refresher, req)
	if errors.Is(err, session.ErrOtherSession) || foreign && errors.Is(err, session.ErrAccessRequired) {
		err = a.Refusal
	}
	return grant, err
}

// genuine returns the verified access tokens among texts, without narrowed ones. It skips "". Errors: token.ErrBadAccess,
// beside the genuine ones; keys.ErrUnavailable.
func genuine(ctx context.Context, companion token.Companion, texts ...string) (all []token.Access, bad error) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		access, err := companion.Verify(ctx, text)
		switch {
		case errors.Is(err, token.ErrBadAccess):
			bad = err
		case err != nil:
			return nil, err
		case !access.Narrowed:
			all = append(all, access)
		}
	}
	return all, bad
}
