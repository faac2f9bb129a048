package floors

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// run is a testing.TB outside of go test: bench takes its figures with the functions that tests call. Methods of TB that
// are not here panic.
type run struct {
	testing.TB

	ctx     context.Context
	cleanup []func()
	failed  []string
}

// ended is what ends a measurement early.
type ended struct{ error }

// skip is the reason of a skipped measurement.
type skip struct{ reason string }

func (s *skip) Error() string { return s.reason }

// take takes a measurement. Errors: *skip.
func take(ctx context.Context, m measurement) (got []samples, err error) {
	if !testing.Testing() { // dynamotest reads -short
		testing.Init()
		_ = flag.CommandLine.Parse(nil) // without arguments it cannot fail
	}
	r := &run{ctx: ctx}
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case ended:
			err = reason.error
		case error: // of fixture.Must
			err = reason
		default:
			panic(reason)
		}
		for _, f := range slices.Backward(r.cleanup) {
			f()
		}
		if len(r.failed) > 0 {
			err = errors.New(strings.Join(r.failed, "; "))
		}
	}()
	return m.take(r), ctx.Err()
}

func (r *run) Helper()                  {}
func (r *run) Context() context.Context { return r.ctx }
func (r *run) Cleanup(f func())         { r.cleanup = append(r.cleanup, f) }
func (r *run) Skip(args ...any)         { panic(ended{&skip{fmt.Sprint(args...)}}) }

func (r *run) Errorf(format string, args ...any) {
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}
func (r *run) Fatal(args ...any) { panic(ended{errors.New(fmt.Sprint(args...))}) }

func (r *run) Fatalf(format string, args ...any) { panic(ended{fmt.Errorf(format, args...)}) }

func (r *run) Setenv(name, value string) {
	before, known := os.LookupEnv(name)
	if err := os.Setenv(name, value); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		if _ = os.Setenv(name, before); !known {
			_ = os.Unsetenv(name)
		}
	})
}

func (r *run) TempDir() string {
	dir, err := os.MkdirTemp("", "floors-")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
