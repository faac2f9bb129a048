package telemetry

import (
	"fmt"
	"runtime"
	"strings"
)

// Guard turns a panic in do into an error, so that one bad request is one bad answer. The panic's value may hold a
// credential, so the error has its type alone.
func Guard(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic (%T) at %s", value, Trace())
		}
	}()
	return do()
}

// maxFrames is how deep a trace goes.
const maxFrames = 32

// Trace is the stack of its caller: function, file and line. Unlike debug.Stack it prints no argument, whose words
// may be those of a key.
func Trace() string {
	var counters [maxFrames]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	var lines []string
	for {
		frame, more := frames.Next()
		lines = append(lines, fmt.Sprintf("%s %s:%d", frame.Function, frame.File, frame.Line))
		if !more {
			return strings.Join(lines, "\n")
		}
	}
}
