package session

import (
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Kind is the meaning of an error to the caller of an operation. Each interface maps kinds to its own answers.
// A package above this one may define more kinds: an error with a method Kind() Kind states its own.
type Kind string

// The kinds of this package's errors.
const (
	KindInternal         Kind = "internal" // none of the others: a fault of this service
	KindInput            Kind = "input"    // InputError
	KindUnavailable      Kind = "unavailable"
	KindNoSession        Kind = "no session"
	KindNoApplication    Kind = "no application"
	KindNoAPIKey         Kind = "no API key"
	KindRefused          Kind = "refused"          // a refresh token that does not refresh
	KindApplicationGone  Kind = "application gone" // the same, because its application does not exist
	KindIssueDenied      Kind = "issue denied"
	KindOtherTenant      Kind = "other tenant"
	KindOtherApplication Kind = "other application"
	KindOtherSession     Kind = "other session"
	KindAccessRequired   Kind = "access required"
	KindBadAccess        Kind = "bad access"
	KindTarget           Kind = "target"
	KindScope            Kind = "scope"

	// These two are the words of RFC 9449 section 12.2.
	KindBadProof Kind = "invalid_dpop_proof"
	KindNonce    Kind = "use_dpop_nonce"
)

// KindOf classifies an error; "" for nil.
func KindOf(err error) Kind {
	var stated interface{ Kind() Kind }
	var input *InputError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &stated):
		return stated.Kind()
	case errors.As(err, &input):
		return KindInput
	}
	for _, row := range []struct {
		err  error
		kind Kind
	}{
		{ErrNoSession, KindNoSession},             // before ErrRefused: it may say why there is nothing to delete
		{ErrApplicationGone, KindApplicationGone}, // before ErrRefused, which it wraps
		{ErrRefused, KindRefused},
		{ErrIssueDenied, KindIssueDenied},
		{ErrOtherTenant, KindOtherTenant},
		{ErrOtherApplication, KindOtherApplication},
		{ErrOtherSession, KindOtherSession},
		{ErrAccessRequired, KindAccessRequired},
		{token.ErrBadAccess, KindBadAccess},
		{ErrTarget, KindTarget},
		{ErrScope, KindScope},
		{dpop.ErrInvalid, KindBadProof},
		{ErrNonce, KindNonce},
		{ErrNoApplication, KindNoApplication},
		{ErrNoAPIKey, KindNoAPIKey},
		{ErrUnavailable, KindUnavailable},
		{keys.ErrUnavailable, KindUnavailable},
	} {
		if errors.Is(err, row.err) {
			return row.kind
		}
	}
	return KindInternal
}

// RefusalOutcome distinguishes the refusals of one status, for logs and metrics alone; "" for any other error.
func RefusalOutcome(err error) Outcome {
	for _, row := range []struct {
		err     error
		outcome Outcome
	}{
		{ErrMalformed, Malformed}, // before ErrForged, which it wraps
		{ErrForged, Forged},
		{ErrUnknown, Unknown},
		{ErrApplicationGone, ApplicationGone},
		{ErrExpired, Expired},
		{ErrReused, Reused},
		{ErrWrongRoot, WrongRoot},
		{ErrDroppedKey, DroppedKey},
		{ErrDenied, Denied},
		{ErrIssueDenied, Denied},
		{ErrUnbound, Unbound},
		{dpop.ErrInvalid, BadProof},
		{ErrNonce, NonceWanted},
	} {
		if errors.Is(err, row.err) {
			return row.outcome
		}
	}
	return ""
}
