package cold_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bare is a function that does nothing: what aws-lambda-go and Go themselves cost.
const bare = `package main

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		return events.APIGatewayProxyResponse{}, nil
	})
}
`

// build compiles a main package as the Makefile does, but for this machine.
func build(tb testing.TB, dir, name, source string) string {
	tb.Helper()
	binary := filepath.Join(dir, name)
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags=-s -w", "-o", binary, source)
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", source, err, out)
	}
	return binary
}

func buildBoth(tb testing.TB) (refresh, nothing string) {
	tb.Helper()
	dir := tb.TempDir()
	source := filepath.Join(dir, "bare.go")
	if err := os.WriteFile(source, []byte(bare), 0o600); err != nil {
		tb.Fatal(err)
	}
	return build(tb, dir, "refresh", "./functions/refresh"), build(tb, dir, "bare", source)
}

// runtimeAPI answers nothing: a function that asks for its first event waits for ever.
type runtimeAPI struct {
	*httptest.Server

	asked chan struct{}
}

func newRuntimeAPI(tb testing.TB) *runtimeAPI {
	api := &runtimeAPI{asked: make(chan struct{}, 1)}
	api.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/invocation/next") {
			api.asked <- struct{}{}
		}
		<-r.Context().Done()
	}))
	tb.Cleanup(api.Close)
	return api
}

// start is one cold start: the CPU that it took, and what it wrote to standard error.
type start struct {
	cpu    time.Duration
	stderr string
}

// run starts a function and ends it when it asks for its first event.
func (api *runtimeAPI) run(tb testing.TB, binary string, env ...string) start {
	tb.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), binary)
	cmd.Stderr = &stderr
	cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "TABLE_NAME=tokens", "ISSUER=https://auth.example.com",
		"SIGNING_KEYS_SECRET_ARN=arn:1", "PUBLIC_KEYS_SECRET_ARN=arn:2", "TOKEN_KEYS_SECRET_ARN=arn:3",
	}, env...)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-api.asked:
		_ = cmd.Process.Kill()
		<-ended
	case err := <-ended:
		tb.Fatalf("%s ended before its first event: %v\n%s", binary, err, stderr.String())
	}
	return start{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), stderr: stderr.String()}
}

// Performance floor 2: package initialisation of refresh, with both clients of AWS linked, allocates 1.2 MB in 6 900
// pieces at most.
func TestInitialisationAllocatesWithinItsFloor(t *testing.T) {
	const maxBytes, maxAllocs = 1_200_000, 6_900
	api := newRuntimeAPI(t)
	started := api.run(t, build(t, t.TempDir(), "refresh", "./functions/refresh"), "GODEBUG=inittrace=1")
	allocated, allocs, packages := 0, 0, 0
	for line := range strings.Lines(started.stderr) {
		// init time @0.53 ms, 0.001 ms clock, 0 bytes, 0 allocs
		words := strings.Fields(line)
		if len(words) != 11 || words[0] != "init" {
			continue
		}
		packages++
		allocated += number(t, words[7])
		allocs += number(t, words[9])
	}
	t.Logf("%d packages, %d bytes, %d allocations", packages, allocated, allocs)
	if packages < 20 {
		t.Fatalf("only %d packages were traced:\n%s", packages, started.stderr)
	}
	if allocated > maxBytes || allocs > maxAllocs {
		t.Errorf("%d bytes in %d allocations, more than %d in %d", allocated, allocs, maxBytes, maxAllocs)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Performance floor 1: CPU from exec to the first /invocation/next, of refresh as a multiple of a bare function. The
// two take turns, so that a busy machine slows down both.
func BenchmarkColdStart(b *testing.B) {
	refresh, nothing := buildBoth(b)
	api := newRuntimeAPI(b)
	var ours, theirs []time.Duration
	for b.Loop() {
		theirs = append(theirs, api.run(b, nothing).cpu)
		ours = append(ours, api.run(b, refresh).cpu)
	}
	b.ReportMetric(milliseconds(ours), "refresh-cpu-ms")
	b.ReportMetric(milliseconds(theirs), "bare-cpu-ms")
	b.ReportMetric(milliseconds(ours)/milliseconds(theirs), "ratio")
	b.Logf("%d starts of each", len(ours))
}

// milliseconds is the median.
func milliseconds(all []time.Duration) float64 {
	slices.Sort(all)
	return all[len(all)/2].Seconds() * 1000
}
