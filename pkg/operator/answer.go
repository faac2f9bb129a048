package operator

import (
	"errors"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// An error is answered as {"errorType", "errorMessage"}, and Lambda takes the name of its Go type for errorType. So these
// names are a part of the interface.
type (
	// InputError is the operator's mistake; the message names each field at fault.
	InputError struct{ message }
	// NotFoundError is an application or API key that does not exist; the message names the field.
	NotFoundError struct{ message }
	// UnavailableError may succeed when it is repeated. A change may have been made.
	UnavailableError struct{ message }
	// FailedError is a fault of this service or of its permissions.
	FailedError struct{ message }
)

type message struct {
	text  string
	cause error
}

func (m message) Error() string { return m.text }

func (m message) Unwrap() error { return m.cause }

// answerOf is the error that the operator reads.
func answerOf(err error) error {
	is := func(text string) message { return message{text, err} }
	switch session.KindOf(err) {
	case session.KindInput:
		return InputError{is(api.Sentences(err, ""))}
	case session.KindNoApplication:
		return NotFoundError{is("applicationId names no application of this tenant.")}
	case session.KindNoAPIKey:
		return NotFoundError{is("keyId names no API key of this tenant.")}
	case session.KindUnavailable:
		return UnavailableError{is(err.Error())}
	default:
		return FailedError{is(err.Error())}
	}
}

// isMistake is true of what the operator can correct.
func isMistake(answer error) bool {
	var unavailable UnavailableError
	var failed FailedError
	return !errors.As(answer, &unavailable) && !errors.As(answer, &failed)
}
