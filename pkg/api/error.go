package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// PublicError is an error as a caller sees it, and its kind.
type PublicError struct {
	frame.Failure

	kind session.Kind
}

// NewError is an error of the edge itself.
func NewError(kind session.Kind, status int, message string) PublicError {
	return PublicError{Failure: frame.Failure{Status: status, Message: message}, kind: kind}
}

func (e PublicError) Error() string { return e.Message }

// Kind is what session.KindOf asks for.
func (e PublicError) Kind() session.Kind { return e.kind }

// The kinds of the edge's own errors.
const (
	KindBadBody   session.Kind = "bad body"
	KindForbidden session.Kind = "forbidden"
	KindHeaders   session.Kind = "headers" // contradicting ones, cookies included
	KindTooLarge  session.Kind = "too large"
	KindEncoding  session.Kind = "content encoding"
)

// Errors of the edge itself, which have no counterpart in the core.
var (
	ErrTooLarge = NewError(KindTooLarge, http.StatusRequestEntityTooLarge, "The body is larger than 16384 bytes.")
	ErrBadBody  = NewError(KindBadBody, http.StatusBadRequest, "The body must be one JSON object in UTF-8, without lone surrogates.")
	// ErrByteOrderMark is what some editors and .NET write before a text.
	ErrByteOrderMark = NewError(KindBadBody, http.StatusBadRequest, "The body begins with a byte order mark, U+FEFF. Send it without.")
	ErrEncoding      = NewError(KindEncoding, http.StatusUnsupportedMediaType, "The body has a Content-Encoding. Send it as it is, as identity.")
	// ErrSpaced is a refused refresh token that copying has damaged: the only refusal that says more than the others.
	ErrSpaced = PublicError{frame.Failure{
		Status: http.StatusBadRequest, Message: "The refresh token is not valid: whitespace stands before or behind it.",
		Refusal: string(session.Malformed),
	}, session.KindRefused}
	ErrAmbiguous = NewError(KindHeaders, http.StatusBadRequest,
		"Authorization and the tenant header may each be sent once, with one value.")
)

// ErrorOf is the status and the sentence of an error, as far as interfaces agree; each maps the rest itself. Every
// refusal of a refresh token reads the same.
func ErrorOf(err error) PublicError {
	var own PublicError
	if errors.As(err, &own) {
		return own
	}
	kind := session.KindOf(err)
	is := func(status int, message string) PublicError {
		e := NewError(kind, status, message)
		refusal := session.RefusalOutcome(err)
		var offer session.NonceError
		if errors.As(err, &offer) {
			e.Nonce = offer.Nonce
		}
		e.Refusal, e.Security = string(refusal), refusal == session.Reused || refusal == session.WrongRoot
		return e
	}
	switch kind {
	case session.KindInput:
		return is(http.StatusBadRequest, firstSentence(FieldsOf(err)))
	case session.KindRefused, session.KindApplicationGone:
		return is(http.StatusBadRequest, "The refresh token is not valid.")
	case session.KindAccessRequired:
		return is(http.StatusBadRequest, "The access token is required beside the refresh token.")
	case session.KindBadProof:
		return is(http.StatusBadRequest, "The DPoP proof is not valid: "+reasonOf(err))
	case session.KindNonce:
		return is(http.StatusBadRequest, "The DPoP proof must have the nonce of the header DPoP-Nonce.")
	case session.KindTarget:
		return is(http.StatusBadRequest, "The refresh token is not for this resource.")
	case session.KindScope:
		return is(http.StatusBadRequest, "The scope goes beyond what was granted.")
	case session.KindOtherApplication:
		return is(http.StatusBadRequest, "The token in the path belongs to another application. Nothing was deleted.")
	case session.KindIssueDenied:
		return is(http.StatusForbidden, "The claims hook of this deployment denies the session. Nothing was issued.")
	case session.KindOtherTenant:
		return is(http.StatusForbidden, "The X-Stencil-TenantId header names another tenant than the credential or the refresh token.")
	case authorizer.KindUnauthenticated:
		return is(http.StatusUnauthorized, "A valid credential in the Authorization header and its tenant in the X-Stencil-TenantId "+
			"header are required. A credential may have expired.")
	case session.KindNoApplication:
		return is(http.StatusNotFound, "There is no such application.")
	case session.KindNoSession, session.KindNoAPIKey:
		return is(http.StatusNotFound, "There is no such token.")
	case session.KindUnavailable:
		return PublicError{frame.Unavailable, kind}
	default:
		return PublicError{frame.Failed, kind}
	}
}

// reasonOf is the check that a proof failed.
func reasonOf(err error) string {
	var invalid dpop.InvalidError
	_ = errors.As(err, &invalid)
	return invalid.Reason
}

// FieldsOf are the fields at fault, if an error lists any.
func FieldsOf(err error) []session.FieldError {
	var input *session.InputError
	if !errors.As(err, &input) {
		return nil
	}
	return input.Fields
}

// firstSentence says what is wrong with the first field, and how many more there are.
func firstSentence(fields []session.FieldError) string {
	switch len(fields) {
	case 0:
		return "The request has fields at fault."
	case 1:
		return fields[0].Message
	default:
		return fmt.Sprintf("%s (and %d more)", fields[0].Message, len(fields)-1)
	}
}

// RefusedText is the sentence of an interface for a refused refresh token, or that of ErrSpaced.
func RefusedText(err error, sentence string) string {
	if errors.Is(err, ErrSpaced) {
		return ErrSpaced.Message
	}
	return sentence
}

// Sentences say what is wrong with each field, for interfaces that have one message; otherwise without any.
func Sentences(err error, otherwise string) string {
	fields := FieldsOf(err)
	if len(fields) == 0 {
		return otherwise
	}
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.Message
	}
	return strings.Join(all, " ")
}
