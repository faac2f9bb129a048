package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// HookTime is how long the claims hook has for its answer.
const HookTime = time.Second

// HookCall is what the claims hook is asked with. All of it is from the token, or from the session that begins.
type HookCall struct {
	Event      string // "issue" or "refresh"
	Key        Key
	Generation uint32 // of the presented token; 0 at issue
	RequestID  string
}

// HookAnswer is what the hook decides. Its zero value keeps the claims as they are.
type HookAnswer struct {
	Claims json.RawMessage // the hook's claims from now on, a JSON object of at most MaxClaims bytes; nil keeps them
	Deny   bool
	Reason string // of a denial, as IsReason wants it; "" for ReasonHook
}

// Hook decides about the claims of a session before each issue and each refresh. An error is a failure of the hook.
type Hook struct {
	// Ask asks the hook; nil where a deployment has none. It ends with the context, and never learns a token.
	Ask func(ctx context.Context, call HookCall) (HookAnswer, error)
	// Refuse answers ErrUnavailable where the hook fails. Otherwise its earlier claims stay.
	Refuse bool
	// Within is how long it has for its answer; HookTime by default.
	Within time.Duration
}

// HookSaid is what became of the hook in one request, for logs and metrics; "" without one.
type HookSaid string

// What a hook says.
const (
	HookKept    HookSaid = "kept"
	HookChanged HookSaid = "changed"
	HookDenied  HookSaid = "denied"
	HookFailed  HookSaid = "failed"
)

// hooked is the hook's part of one request.
type hooked struct {
	Hook

	said    HookSaid
	failure error // of the hook, where its earlier claims stay
}

// ask asks the hook. Errors: denial; ErrUnavailable where the hook fails and the deployment refuses.
func (h *hooked) ask(ctx context.Context, event string, key Key, generation uint32) (json.RawMessage, error) {
	if h.Ask == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(h.Within, HookTime))
	defer cancel()
	call := HookCall{Event: event, Key: key, Generation: generation, RequestID: causeOf(ctx).RequestID}
	switch answer, err := h.Ask(ctx, call); {
	case err != nil:
		return nil, h.fail(err)
	case answer.Deny:
		h.said = HookDenied
		return nil, denial{answer.Reason}
	case answer.Claims != nil:
		h.said = HookChanged
		return answer.Claims, nil
	}
	h.said = HookKept
	return nil, nil
}

var errHookRoom = errors.New("its claims have no room beside those of the session")

// fail notes a failure. Errors: ErrUnavailable where the deployment refuses.
func (h *hooked) fail(err error) error {
	h.said, h.failure = HookFailed, fmt.Errorf("%w: %w", ErrHookFailed, err)
	if h.Refuse {
		return fmt.Errorf("%w: %w", ErrUnavailable, h.failure)
	}
	return nil
}

// denial is the error of a hook that denies, with its reason.
type denial struct{ reason string }

func (denial) Error() string { return ErrDenied.Error() }

// Unwrap is ErrDenied.
func (denial) Unwrap() error { return ErrDenied }

// recordDenial writes the entry of a denial; id is that of the session that it ended, zero for none.
func recordDenial(ctx context.Context, store Recorder, at time.Time, key Key, reason string) {
	e := entryOf(key, EventDenied)
	if (key.ID == token.ID{}) {
		e.Sessions = nil
	}
	e.By, e.Reason = ByHook, reason
	if reason == "" {
		e.Reason = ReasonHook
	}
	Record(ctx, store, at, e)
}

// ask asks about the session of a genuine token. A denial ends it, if the token's root fits. Errors: ErrDenied,
// ErrWrongRoot, ErrUnavailable.
func (f Refresher) ask(ctx context.Context, hook *hooked, presented token.Refresh) (json.RawMessage, error) {
	key := keyOf(presented)
	claims, err := hook.ask(ctx, "refresh", key, presented.Generation)
	var no denial
	if !errors.As(err, &no) {
		return claims, err
	}
	_, err = f.denied.remove(ctx, deletionOf(presented))
	switch {
	case err == nil:
		recordDenial(ctx, f.store, f.minter.clock.now(), key, no.reason)
	case errors.Is(err, ErrWrongRoot):
		return nil, ErrWrongRoot
	case !errors.Is(err, ErrNoSession):
		return nil, err
	}
	return nil, ErrDenied
}

// ask asks about a session before it is created. Errors: ErrIssueDenied, ErrUnavailable.
func (i Issuer) ask(ctx context.Context, hook *hooked, s Session) (json.RawMessage, error) {
	claims, err := hook.ask(ctx, "issue", s.Key, 0)
	var no denial
	switch {
	case errors.As(err, &no):
		owner := s.Key
		owner.ID = token.ID{}
		recordDenial(ctx, i.store, i.minter.clock.now(), owner, no.reason)
		return nil, ErrIssueDenied
	case err != nil:
		return nil, err
	case !(Rotation{HookClaims: claims}).Fits(s):
		return nil, hook.fail(errHookRoom)
	}
	return claims, nil
}
