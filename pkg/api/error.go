package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
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
)

// Errors of the edge itself, which have no counterpart in the core.
var (
	ErrTooLarge  = NewError(KindTooLarge, http.StatusRequestEntityTooLarge, "The body is larger than 16384 bytes.")
	ErrBadBody   = NewError(KindBadBody, http.StatusBadRequest, "The body must be one JSON object in UTF-8, without lone surrogates.")
	ErrForbidden = NewError(KindForbidden, http.StatusForbidden, "This credential may not do this.")
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
		e.Refusal, e.Security = string(refusal), refusal == session.Reused || refusal == session.WrongRoot
		return e
	}
	switch kind {
	case session.KindInput:
		return is(http.StatusBadRequest, "The request has fields at fault.")
	case session.KindRefused, session.KindApplicationGone:
		return is(http.StatusBadRequest, "The refresh token is not valid.")
	case session.KindAccessRequired:
		return is(http.StatusBadRequest, "The access token is required beside the refresh token.")
	case session.KindScope:
		return is(http.StatusBadRequest, "The scope goes beyond what was granted.")
	case session.KindOtherApplication:
		return is(http.StatusBadRequest, "The token in the path belongs to another application. Nothing was deleted.")
	case session.KindOtherTenant:
		return is(http.StatusForbidden, ErrForbidden.Message)
	case authorizer.KindUnauthenticated:
		return is(http.StatusUnauthorized, "A valid credential and the X-Stencil-TenantId header are required.")
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

// FieldsOf are the fields at fault, if an error lists any.
func FieldsOf(err error) []session.FieldError {
	var input *session.InputError
	if !errors.As(err, &input) {
		return nil
	}
	return input.Fields
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
