package runtimeapi_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
)

// odd is a function that does what its event says.
const odd = `package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	switch os.Getenv("BROKEN") {
	case "":
	case "reported":
		url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
		http.Post(url, "application/json", strings.NewReader("{\"errorType\":\"Odd.Init\",\"errorMessage\":\"no way\"}"))
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, "cannot start")
		os.Exit(3)
	}
	count := 0
	lambda.Start(func(ctx context.Context, event string) (string, error) {
		count++
		fmt.Println("event", count)
		switch event {
		case "panic":
			panic("odd")
		case "error":
			return "", errors.New("as asked")
		case "exit":
			os.Exit(4)
		case "hang":
			time.Sleep(time.Minute)
		case "deadline":
			deadline, _ := ctx.Deadline()
			return deadline.UTC().Format(time.RFC3339Nano), nil
		}
		return fmt.Sprintf("%s %d %s", event, count, os.Getenv("AWS_LAMBDA_FUNCTION_NAME")), nil
	})
}
`

// binary is the odd function, built into .cache, where the next run finds it up to date.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../../../../.cache/odd")
	source := filepath.Join(dir, "odd.go")
	if err = errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(source, []byte(odd), 0o600)); err != nil {
		return "", err
	}
	return filepath.Join(dir, "odd"), runtimeapi.Build(context.Background(), dir, source)
})

func function(t *testing.T, env ...string) runtimeapi.Function {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds a function")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return runtimeapi.Function{Name: "odd", Binary: path, Env: env}
}

func start(t *testing.T) *runtimeapi.Process {
	t.Helper()
	p, err := runtimeapi.Start(t.Context(), function(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// timeout is more than a busy machine needs.
const timeout = 5 * time.Minute

func want(t *testing.T, p *runtimeapi.Process, event, answer string) {
	t.Helper()
	got, err := p.Invoke(t.Context(), []byte(`"`+event+`"`), timeout)
	if err != nil || string(got.Payload) != `"`+answer+`"` {
		t.Errorf("%s: got %s, %v, want %s", event, got.Payload, err, answer)
	}
}

func TestAProcessAnswersOneEventAfterTheOther(t *testing.T) {
	p := start(t)
	want(t, p, "a", "a 1 odd")
	want(t, p, "b", "b 2 odd")
	if p.Stdout() != "event 1\nevent 2\n" || p.Init <= 0 {
		t.Errorf("got output %q and init %v, want events 1 and 2 and some time", p.Stdout(), p.Init)
	}
	if state := p.Kill(); state.UserTime()+state.SystemTime() <= 0 || runtimeapi.MaxRSS(state) < 1<<20 {
		t.Errorf("got %v, want CPU time and memory", state)
	}
}

func TestAnErrorLeavesTheProcessAndAPanicEndsIt(t *testing.T) {
	p := start(t)
	var failure *runtimeapi.FunctionError
	if _, err := p.Invoke(t.Context(), []byte(`"error"`), timeout); !errors.As(err, &failure) || failure.Message != "as asked" ||
		failure.Type != "errorString" || len(failure.Stack) != 0 {
		t.Errorf("got %v, want the error as asked, without a stack", err)
	}
	want(t, p, "b", "b 2 odd")
	if _, err := p.Invoke(t.Context(), []byte(`"panic"`), timeout); !errors.As(err, &failure) || failure.Message != "odd" || len(failure.Stack) == 0 {
		t.Errorf("got %v, want a panic with its stack", err)
	}
	var ended *runtimeapi.ExitError
	if _, err := p.Invoke(t.Context(), []byte(`"c"`), timeout); !errors.As(err, &ended) || ended.State.ExitCode() != 1 {
		t.Errorf("after the panic: got %v, want exit 1", err)
	}
}

func TestAnExitDuringInitOrAnInvocationIsAnError(t *testing.T) {
	var ended *runtimeapi.ExitError
	_, err := runtimeapi.Start(t.Context(), function(t, "BROKEN=1"))
	if !errors.As(err, &ended) || ended.State.ExitCode() != 3 || !strings.Contains(ended.Stderr, "cannot start") {
		t.Errorf("init: got %v, want exit 3 and its standard error", err)
	}
	var failure *runtimeapi.FunctionError
	_, err = runtimeapi.Start(t.Context(), function(t, "BROKEN=reported"))
	if !errors.As(err, &failure) || failure.Type != "Odd.Init" || failure.Message != "no way" {
		t.Errorf("reported: got %v, want Odd.Init: no way", err)
	}
	if _, err := start(t).Invoke(t.Context(), []byte(`"exit"`), timeout); !errors.As(err, &ended) || ended.State.ExitCode() != 4 {
		t.Errorf("invocation: got %v, want exit 4", err)
	}
}

func TestTheDeadlineReachesTheFunctionAndKillsALateOne(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	got, err := start(t).Invoke(t.Context(), []byte(`"deadline"`), timeout)
	deadline, parseErr := time.Parse(`"`+time.RFC3339Nano+`"`, string(got.Payload))
	if err != nil || parseErr != nil || deadline.Before(before.Add(timeout)) || deadline.After(time.Now().Add(timeout)) {
		t.Errorf("got the deadline %s, %v, want it %v ahead", got.Payload, err, timeout)
	}
	p := start(t)
	if _, err := p.Invoke(t.Context(), []byte(`"hang"`), 100*time.Millisecond); !errors.Is(err, runtimeapi.ErrTimedOut) || p.State() == nil {
		t.Errorf("got %v, %v, want a time-out and the end of the process", err, p.State())
	}
}

func TestAFrozenProcessGoesOnWhenItIsThawed(t *testing.T) {
	p := start(t)
	want(t, p, "a", "a 1 odd")
	if err := p.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := p.Thaw(); err != nil {
		t.Fatal(err)
	}
	want(t, p, "b", "b 2 odd")
}

func TestSIGTERMEndsTheProcess(t *testing.T) {
	state, err := start(t).Terminate()
	if err != nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("got %v, %v, want an end by SIGTERM", state, err)
	}
}

// So the tests run the build that is deployed.
func TestTheFlagsAreTheMakefiles(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "make", "-n", "function", "OP=refresh", "ARTIFACTS_DIR=x")
	cmd.Dir = "../../../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	recipe := strings.NewReplacer("'", "", "\\\n", "", "\t", "").Replace(string(out))
	if built := "go build " + strings.Join(runtimeapi.Flags(), " ") + " "; !strings.Contains(strings.Join(strings.Fields(recipe), " ")+" ", built) ||
		!strings.Contains(recipe, "CGO_ENABLED=0 ") {
		t.Errorf("got the recipe\n%swant %s in it", out, built)
	}
}
