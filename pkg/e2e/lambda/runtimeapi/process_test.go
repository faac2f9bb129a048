package runtimeapi_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

func TestMain(m *testing.M) { os.Exit(run(m)) }

var binary string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runtimeapi-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "odd.go")
	if err := os.WriteFile(source, []byte(odd), 0o600); err != nil {
		panic(err)
	}
	if err := runtimeapi.Build(context.Background(), dir, source); err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "odd")
	return m.Run()
}

func start(t *testing.T, env ...string) *runtimeapi.Process {
	t.Helper()
	p, err := runtimeapi.Start(t.Context(), runtimeapi.Function{Name: "odd", Binary: binary, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func want(t *testing.T, p *runtimeapi.Process, event, answer string) {
	t.Helper()
	got, err := p.Invoke(t.Context(), []byte(`"`+event+`"`), 5*time.Second)
	if err != nil || string(got.Payload) != `"`+answer+`"` {
		t.Errorf("%s: %s, %v, want %s", event, got.Payload, err, answer)
	}
}

func TestAProcessAnswersOneEventAfterTheOther(t *testing.T) {
	p := start(t)
	want(t, p, "a", "a 1 odd")
	want(t, p, "b", "b 2 odd")
	if p.Stdout() != "event 1\nevent 2\n" || p.Init <= 0 {
		t.Errorf("output %q, init %v", p.Stdout(), p.Init)
	}
	if state := p.Kill(); state.UserTime()+state.SystemTime() <= 0 || runtimeapi.MaxRSS(state) < 1<<20 {
		t.Errorf("no measures: %v", state)
	}
}

func TestAnErrorLeavesTheProcessAndAPanicEndsIt(t *testing.T) {
	p := start(t)
	var failure *runtimeapi.FunctionError
	if _, err := p.Invoke(t.Context(), []byte(`"error"`), time.Second); !errors.As(err, &failure) || failure.Message != "as asked" ||
		failure.Type != "errorString" || len(failure.Stack) != 0 {
		t.Errorf("error: %v", err)
	}
	want(t, p, "b", "b 2 odd")
	if _, err := p.Invoke(t.Context(), []byte(`"panic"`), time.Second); !errors.As(err, &failure) || failure.Message != "odd" || len(failure.Stack) == 0 {
		t.Errorf("panic: %v", err)
	}
	var ended *runtimeapi.ExitError
	if _, err := p.Invoke(t.Context(), []byte(`"c"`), time.Second); !errors.As(err, &ended) || ended.State.ExitCode() != 1 {
		t.Errorf("after the panic: %v", err)
	}
}

func TestAnExitDuringInitOrAnInvocationIsTold(t *testing.T) {
	var ended *runtimeapi.ExitError
	_, err := runtimeapi.Start(t.Context(), runtimeapi.Function{Name: "odd", Binary: binary, Env: []string{"BROKEN=1"}})
	if !errors.As(err, &ended) || ended.State.ExitCode() != 3 || !strings.Contains(ended.Stderr, "cannot start") {
		t.Errorf("init: %v", err)
	}
	var failure *runtimeapi.FunctionError
	_, err = runtimeapi.Start(t.Context(), runtimeapi.Function{Name: "odd", Binary: binary, Env: []string{"BROKEN=reported"}})
	if !errors.As(err, &failure) || failure.Type != "Odd.Init" || failure.Message != "no way" {
		t.Errorf("reported: %v", err)
	}
	if _, err := start(t).Invoke(t.Context(), []byte(`"exit"`), time.Second); !errors.As(err, &ended) || ended.State.ExitCode() != 4 {
		t.Errorf("invocation: %v", err)
	}
}

func TestTheDeadlineReachesTheFunctionAndKillsALateOne(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	got, err := start(t).Invoke(t.Context(), []byte(`"deadline"`), 5*time.Second)
	deadline, parseErr := time.Parse(`"`+time.RFC3339Nano+`"`, string(got.Payload))
	if err != nil || parseErr != nil || deadline.Before(before.Add(5*time.Second)) || deadline.After(time.Now().Add(5*time.Second)) {
		t.Errorf("%s, %v, %v", got.Payload, err, parseErr)
	}
	p := start(t)
	if _, err := p.Invoke(t.Context(), []byte(`"hang"`), 100*time.Millisecond); !errors.Is(err, runtimeapi.ErrTimedOut) || p.State() == nil {
		t.Errorf("%v, %v", err, p.State())
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
		t.Errorf("%v, %v", state, err)
	}
}

// What is measured and tested is what is deployed.
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
		t.Errorf("%snot in the recipe:\n%s", built, out)
	}
}
