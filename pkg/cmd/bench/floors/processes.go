package floors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
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

// buildBoth builds refresh and bare for this machine.
func buildBoth(t testing.TB) (refresh, nothing runtimeapi.Function) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "bare.go")
	err := os.WriteFile(source, []byte(bare), 0o600)
	if err == nil {
		err = runtimeapi.Build(t.Context(), dir, source)
	}
	if err == nil {
		err = runtimeapi.Build(t.Context(), dir, runtimeapi.Functions+"refresh")
	}
	if err != nil {
		t.Fatal(err)
	}
	return runtimeapi.Function{Name: "refresh", Binary: filepath.Join(dir, "refresh")},
		runtimeapi.Function{Name: "bare", Binary: filepath.Join(dir, "bare")}
}

// life is what became of one process.
type life struct {
	init   time.Duration // from exec to the first request for an event
	rss    float64       // then, in MB
	cpu    time.Duration // of its whole life
	took   samples       // of its invocations, in ms
	stderr string
}

// live starts a function, invokes it some times and ends it.
func live(t testing.TB, f runtimeapi.Function, event []byte, times int) life {
	t.Helper()
	p, err := runtimeapi.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	l := life{init: p.Init, rss: residentMB(t, p.Pid())}
	for range times {
		l.took = append(l.took, invoke(t, p, event))
	}
	state := p.Kill()
	l.cpu, l.stderr = state.UserTime()+state.SystemTime(), p.Stderr()
	return l
}

// invoke is one refresh that succeeds, or an event that bare drops. It takes so many milliseconds.
func invoke(t testing.TB, p *runtimeapi.Process, event []byte) float64 {
	t.Helper()
	answer, err := p.Invoke(t.Context(), event, 10*time.Second)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, p.Stdout(), p.Stderr())
	}
	if text := string(answer.Payload); !strings.Contains(text, `"statusCode":200`) && !strings.Contains(text, `"statusCode":0`) {
		t.Fatalf("got %s, want status 200\n%s", text, p.Stdout())
	}
	return measure.Milliseconds(answer.Took)
}

// residentMB is the present memory of a process: the maximum that wait4 reports includes its parent's before exec.
func residentMB(t testing.TB, pid int) float64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has the memory of another process in /proc")
	}
	status := string(fixture.Must(os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))))
	_, rest, _ := strings.Cut(status, "VmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return fixture.Must(strconv.ParseFloat(kilobytes, 64)) / 1024
}

// coldStarts is floors 1 and 4, and what the rest of a start and a refresh take. The processes of a round take turns,
// so that a busy machine slows all of them down.
func coldStarts(t testing.TB) []samples {
	const rounds, warm = 31, 100
	c := newScene(t)
	refresh, nothing := buildBoth(t)
	refresh.Env = environment(newStub(t, c.answers...).url)
	const figures = 9
	all := make([]samples, figures)
	for range rounds {
		floor, idle := cheapest(t, nothing), cheapest(t, refresh)
		once, many := live(t, refresh, c.refresh, 1), live(t, refresh, c.refresh, 1+warm)
		for i, figure := range [figures]float64{
			idle.cpu.Seconds() / floor.cpu.Seconds(), idle.rss / floor.rss,
			measure.Milliseconds(idle.cpu), measure.Milliseconds(floor.cpu), measure.Milliseconds(idle.init),
			once.took[0], measure.Milliseconds(once.cpu - idle.cpu),
			measure.Median(many.took[1:]), measure.Milliseconds(many.cpu-once.cpu) / warm,
		} {
			all[i] = append(all[i], figure)
		}
	}
	return all
}

// cheapest is the start of three that took the least CPU: other work of the machine can only add to it.
func cheapest(t testing.TB, f runtimeapi.Function) life {
	t.Helper()
	least := live(t, f, nil, 0)
	for range 2 {
		if l := live(t, f, nil, 0); l.cpu < least.cpu {
			least = l
		}
	}
	return least
}

// written is what a warm refresh logs, with the names of a stack, and the body that it answers, in bytes. Both are bills.
func written(t testing.TB) []samples {
	c := newScene(t)
	refresh, _ := buildBoth(t)
	refresh.Env = environment(newStub(t, c.answers...).url, "METRICS_NAMESPACE=refresh-tokens-prod")
	p, err := runtimeapi.Start(t.Context(), refresh)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	answer, err := p.Invoke(t.Context(), c.refresh, 10*time.Second)
	var decoded struct {
		StatusCode int
		Body       string
	}
	if err != nil || json.Unmarshal(answer.Payload, &decoded) != nil || decoded.StatusCode != http.StatusOK {
		t.Fatalf("got %s, %v, want status 200", answer.Payload, err)
	}
	return []samples{{float64(len(p.Stdout()))}, {float64(len(decoded.Body))}}
}

// frozen is floor 11: refreshes after Lambda has frozen the function and DynamoDB has closed its connections meanwhile.
func frozen(t testing.TB) []samples {
	const cycles, freeze, slow = 149, 90 * time.Millisecond, 15.0
	c := newScene(t)
	refresh, _ := buildBoth(t)
	aws := newStub(t, c.answers...)
	refresh.Env = environment(aws.url)
	p, err := runtimeapi.Start(t.Context(), refresh)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	invoke(t, p, c.refresh) // it fetches keys and opens connections
	over, took := 0.0, make(samples, cycles)
	for i := range cycles {
		err1 := p.Freeze()
		aws.closeConnections()
		time.Sleep(freeze)
		if err2 := p.Thaw(); err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if took[i] = invoke(t, p, c.refresh); took[i] > slow {
			over++
		}
	}
	return []samples{{over}, took}
}
