package runtimeapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// ErrTimedOut says that a function had not answered at its deadline. As in Lambda its process has been killed.
var ErrTimedOut = errors.New("task timed out")

// FunctionError is an error that a function reported.
type FunctionError struct {
	Type    string          `json:"errorType"`
	Message string          `json:"errorMessage"`
	Stack   json.RawMessage `json:"stackTrace"` // only after a panic
	Payload []byte          `json:"-"`          // all that the runtime posted
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// ExitError says that the process ended while an answer, or the end of its init phase, was awaited.
type ExitError struct {
	State  *os.ProcessState
	Stderr string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("the process ended: %v\n%s", e.State, e.Stderr)
}
