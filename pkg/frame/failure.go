package frame

import (
	"cmp"
	"net/http"
)

// Failure is an error as a caller sees it, in the shape of no interface yet.
type Failure struct {
	Status   int
	Message  string
	Refusal  string // tells refusals of one status apart, in the log alone
	Security bool   // an operator should look at the log line
	Nonce    string // for the next DPoP proof (RFC 9449 section 8)
}

// The failures of this service.
var (
	Unavailable = Failure{Status: http.StatusServiceUnavailable, Message: "The service is unavailable for a moment. Try again."}
	Failed      = Failure{Status: http.StatusInternalServerError, Message: "Something went wrong on our side."}
)

// Answer is the failure with the body that an interface gives it.
func (f Failure) Answer(body any) Answer {
	a := Answer{Status: f.Status, Body: body, Outcome: f.Outcome(), Security: f.Security}
	switch {
	case f.Status == http.StatusUnauthorized:
		a.Header = http.Header{"Www-Authenticate": {Challenge}}
	case f.Status == http.StatusServiceUnavailable:
		a.Header = http.Header{"Retry-After": {"1"}}
	case f.Nonce != "":
		a.Header = http.Header{"Dpop-Nonce": {f.Nonce}}
	}
	return a
}

// Challenge names the schemes of access tokens (RFC 6750 section 3, RFC 9449 section 7.1).
const Challenge = `Bearer, DPoP algs="ES256 EdDSA RS256"`

// Outcome names the failure for log lines and metrics.
func (f Failure) Outcome() string {
	name := "bad request"
	switch {
	case f.Status == http.StatusServiceUnavailable:
		name = "unavailable"
	case f.Status == http.StatusUnauthorized:
		name = "unauthenticated"
	case f.Status == http.StatusForbidden:
		name = "forbidden"
	case f.Status == http.StatusNotFound:
		name = "not found"
	case f.Status >= http.StatusInternalServerError:
		name = "failed"
	}
	return cmp.Or(f.Refusal, name)
}
