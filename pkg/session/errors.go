package session

import (
	"errors"
	"fmt"
	"slices"
)

// The sentinels. A narrower one wraps a broader one. KindOf classifies them.
var (
	// ErrUnavailable: the store cannot answer now. A write may have been applied.
	ErrUnavailable = errors.New("store unavailable")

	// ErrChanged: the item has changed since it was read; nothing was written.
	ErrChanged = errors.New("changed since it was read")

	// ErrNotFound: it does not exist for this caller.
	ErrNotFound = errors.New("not found")
	// ErrNoSession: no such session; expired ones and those of an older epoch included.
	ErrNoSession = fmt.Errorf("session %w", ErrNotFound)
	// ErrPerhapsDeleted: no such session; an earlier attempt of the same request, whose answer was lost, may have deleted it.
	ErrPerhapsDeleted = fmt.Errorf("%w any more", ErrNoSession)
	// ErrNoApplication: no such application.
	ErrNoApplication = fmt.Errorf("application %w", ErrNotFound)
	// ErrNoAPIKey: no such API key.
	ErrNoAPIKey = fmt.Errorf("API key %w", ErrNotFound)

	// ErrImported: the refresh token of another system was imported before.
	ErrImported = errors.New("imported before")

	// ErrRefused: the refresh token does not refresh. The narrower ones are for logs and metrics only and must
	// read the same to the caller.
	ErrRefused = errors.New("refresh token refused")
	// ErrForged: its tag is wrong, or it is malformed. Found without the store.
	ErrForged = fmt.Errorf("%w: forged", ErrRefused)
	// ErrMalformed: it is not a refresh token at all.
	ErrMalformed = fmt.Errorf("%w: malformed", ErrForged)
	// ErrDroppedKey: an operator dropped a key that the token needs. The session does not end.
	ErrDroppedKey = fmt.Errorf("%w: dropped key", ErrRefused)
	// ErrWrongRoot: the tag fits and the root does not, as with a leaked token key. The session does not end.
	ErrWrongRoot = fmt.Errorf("%w: wrong root", ErrRefused)
	// ErrUnbound: a proof of possession is missing, or another key made it. The session does not end.
	ErrUnbound = fmt.Errorf("%w: unbound", ErrRefused)
	// ErrUnknown: deleted, or never existed.
	ErrUnknown = fmt.Errorf("%w: unknown", ErrRefused)
	// ErrApplicationGone: its application does not exist any more.
	ErrApplicationGone = fmt.Errorf("%w: application gone", ErrRefused)
	// ErrExpired: idle or absolute expiry has passed.
	ErrExpired = fmt.Errorf("%w: expired", ErrRefused)
	// ErrReused: genuine but superseded; the session has been ended (RFC 9700 section 4.14.2).
	ErrReused = fmt.Errorf("%w: reused", ErrRefused)

	// ErrDenied: the claims hook denied the refresh; the session has been ended.
	ErrDenied = fmt.Errorf("%w: denied", ErrRefused)
	// ErrHookFailed: the claims hook gave no answer, or one that cannot be used.
	ErrHookFailed = errors.New("claims hook failed")
	// ErrIssueDenied: the claims hook denied a new session.
	ErrIssueDenied = errors.New("issue denied by the claims hook")

	// ErrOtherTenant: the token belongs to another tenant than the request names.
	ErrOtherTenant = errors.New("another tenant's token")
	// ErrAccessRequired: the application requires the access token beside the refresh token.
	ErrAccessRequired = errors.New("access token required")
	// ErrOtherSession: the access token is genuine and belongs to another session than the refresh token.
	ErrOtherSession = errors.New("access token of another session")
	// ErrOtherApplication: the token belongs to another application than the request names.
	ErrOtherApplication = errors.New("session of another application")
	// ErrTarget: a refresh asks for a resource that the access token cannot be for.
	ErrTarget = errors.New("resource beyond the session's")
	// ErrNonce: the proof needs a nonce, which a NonceError has.
	ErrNonce = errors.New("a nonce is required in the proof")
	// ErrScope: a refresh asks for a scope that the session was not given.
	ErrScope = errors.New("scope beyond the session's")
)

// Final reports whether a refusal stands for ever, so that the holder may forget the token. One that an operator can
// undo, or that a thief of another secret provokes, does not.
func Final(err error) bool {
	return slices.ContainsFunc([]error{ErrForged, ErrUnknown, ErrApplicationGone, ErrExpired, ErrReused, ErrDenied},
		func(final error) bool { return errors.Is(err, final) })
}

// FieldError names one field at fault and how to correct it.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// InputError lists every field at fault.
type InputError struct{ Fields []FieldError }

func (e *InputError) Error() string {
	return fmt.Sprintf("%d fields at fault", len(e.Fields)) // without values, which may be secret
}
