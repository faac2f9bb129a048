package api

import (
	"errors"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// fault is an error of the edge itself: a status and a sentence for the caller.
type fault struct {
	status  int
	message string
}

func (f fault) Error() string { return f.message }

// Faults that have no counterpart in the core.
var (
	errTooLarge   = fault{http.StatusRequestEntityTooLarge, "The body is larger than 16384 bytes."}
	errBadBody    = fault{http.StatusBadRequest, "The body must be one JSON object in UTF-8, without lone surrogates."}
	errBadAccess  = fault{http.StatusBadRequest, "The access token is not valid for this refresh token. Nothing was refreshed."}
	errBadHeader  = fault{http.StatusUnauthorized, errBadAccess.message}
	errCrossSite  = fault{http.StatusForbidden, "A cookie is not accepted from this origin."}
	errForbidden  = fault{http.StatusForbidden, "This credential may not do this."}
	errAmbiguous  = fault{http.StatusBadRequest, "Authorization and the tenant header may each be sent once, with one value."}
	errOurs       = fault{http.StatusInternalServerError, "Something went wrong on our side."}
	errTwoCookies = fault{http.StatusBadRequest, "There are cookies with different values for one token."}
)

// faultOf is the one table from errors to status and public sentence; no match is our fault, in constant words.
// Every refusal of a refresh token reads the same.
func faultOf(err error) fault {
	var own fault
	var input *session.InputError
	if errors.As(err, &own) {
		return own
	}
	if errors.As(err, &input) {
		return fault{http.StatusBadRequest, "The request has fields at fault."}
	}
	for _, row := range []struct {
		err     error
		status  int
		message string
	}{
		{session.ErrRefused, http.StatusBadRequest, "The refresh token is not valid."},
		{session.ErrAccessRequired, http.StatusBadRequest, "The access token is required beside the refresh token."},
		{session.ErrScope, http.StatusBadRequest, "The scope goes beyond what was granted."},
		{session.ErrOtherApplication, http.StatusBadRequest, "The token in the path belongs to another application. Nothing was deleted."},
		{session.ErrOtherTenant, http.StatusForbidden, errForbidden.message},
		{authorizer.ErrOtherTenant, http.StatusForbidden, errForbidden.message},
		{authorizer.ErrUnauthenticated, http.StatusUnauthorized, "A valid credential and the X-Stencil-TenantId header are required."},
		{session.ErrNoApplication, http.StatusNotFound, "There is no such application."},
		{session.ErrNotFound, http.StatusNotFound, "There is no such token."},
		{session.ErrUnavailable, http.StatusServiceUnavailable, "The service is unavailable for a moment. Try again."},
		{keys.ErrUnavailable, http.StatusServiceUnavailable, "The service is unavailable for a moment. Try again."},
	} {
		if errors.Is(err, row.err) {
			return fault{row.status, row.message}
		}
	}
	return errOurs
}

// outcomeOf names an error's class for logs and metrics, where the refusals are told apart.
func outcomeOf(err error, status int) string {
	for _, row := range []struct {
		err  error
		name string
	}{
		{session.ErrForged, "forged"},
		{session.ErrUnknown, "unknown"},
		{session.ErrApplicationGone, "application gone"},
		{session.ErrExpired, "expired"},
		{session.ErrReused, "reuse"},
		{session.ErrUnavailable, "unavailable"},
		{keys.ErrUnavailable, "unavailable"},
	} {
		if errors.Is(err, row.err) {
			return row.name
		}
	}
	switch {
	case status == http.StatusUnauthorized:
		return "unauthenticated"
	case status == http.StatusForbidden:
		return "forbidden"
	case status == http.StatusNotFound:
		return "not found"
	case status < http.StatusInternalServerError:
		return "bad request"
	default:
		return "failed"
	}
}
