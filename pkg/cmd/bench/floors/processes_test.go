package floors

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
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
func buildBoth(t *testing.T) (refresh, nothing runtimeapi.Function) {
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

// environment is what the template gives refresh, and where the stub is.
func environment(url string, more ...string) []string {
	return append([]string{
		"TABLE_NAME=" + table, "ISSUER=" + issuer, "DYNAMODB_ENDPOINT=" + url, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + url,
		"SIGNING_KEYS_SECRET_ARN=arn:signing", "PUBLIC_KEYS_SECRET_ARN=arn:public", "TOKEN_KEYS_SECRET_ARN=arn:tokens",
	}, more...)
}

// life is what became of one process.
type life struct {
	init   time.Duration // from exec to the first request for an event
	rss    float64       // then, in MB
	cpu    time.Duration // all of it
	took   []time.Duration
	stderr string
}

// live starts a function, invokes it some times and ends it.
func live(t *testing.T, f runtimeapi.Function, event []byte, times int) life {
	t.Helper()
	p, err := runtimeapi.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	l := life{init: p.Init, rss: residentMB(t, p.Pid())}
	for range times {
		l.took = append(l.took, invoke(t, p, event))
	}
	state := p.Kill()
	l.cpu, l.stderr = state.UserTime()+state.SystemTime(), p.Stderr()
	return l
}

// invoke is one refresh that succeeds, or an event that bare drops.
func invoke(t *testing.T, p *runtimeapi.Process, event []byte) time.Duration {
	t.Helper()
	answer, err := p.Invoke(t.Context(), event, 10*time.Second)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, p.Stdout(), p.Stderr())
	}
	if text := string(answer.Payload); !strings.Contains(text, `"statusCode":200`) && !strings.Contains(text, `"statusCode":0`) {
		t.Fatalf("refresh answers %s\n%s", text, p.Stdout())
	}
	return answer.Took
}

// residentMB is a process's memory, which its parent's does not spoil as it does the maximum that wait4 tells.
func residentMB(t *testing.T, pid int) float64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the memory of another process in /proc")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if words := strings.Fields(line); words[0] == "VmRSS:" {
			return must(strconv.ParseFloat(words[1], 64)) / 1024
		}
	}
	t.Fatalf("no VmRSS in %s", status)
	return 0
}

// coldStarts is floors 1 and 4, and what the rest of a start and a refresh take. The processes of a round take turns,
// so that a busy machine slows down all of them.
func coldStarts(t *testing.T) []samples {
	const rounds, warm = 31, 100
	c := newScene(t)
	refresh, nothing := buildBoth(t)
	refresh.Env = environment(newStub(t, nil, c.answers...).url)
	const figures = 12
	all := make([]samples, figures)
	for range rounds {
		floor, idle := cheapest(t, nothing), cheapest(t, refresh)
		once, many := live(t, refresh, c.refresh, 1), live(t, refresh, c.refresh, 1+warm)
		onceBare, manyBare := live(t, nothing, c.refresh, 1), live(t, nothing, c.refresh, 1+warm)
		for i, figure := range [figures]float64{
			idle.cpu.Seconds() / floor.cpu.Seconds(), idle.rss / floor.rss,
			ms(idle.cpu), ms(floor.cpu), ms(idle.init), ms(floor.init), idle.rss,
			ms(once.took[0]), ms(once.cpu - idle.cpu), ms(median(many.took[1:])), ms(many.cpu-once.cpu) / warm,
			(many.cpu - once.cpu).Seconds() / (manyBare.cpu - onceBare.cpu).Seconds(),
		} {
			all[i] = append(all[i], figure)
		}
	}
	return all
}

// cheapest is the start of three that took the least CPU: what else the machine does can only add to it.
func cheapest(t *testing.T, f runtimeapi.Function) life {
	t.Helper()
	least := live(t, f, nil, 0)
	for range 2 {
		if l := live(t, f, nil, 0); l.cpu < least.cpu {
			least = l
		}
	}
	return least
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

func median[T ~int64 | ~float64](all []T) T {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// oneProcessor compares refreshes with GOMAXPROCS=1 to those with Go's own choice.
func oneProcessor(t *testing.T) []samples {
	const rounds, warm = 9, 300
	c := newScene(t)
	own, _ := buildBoth(t)
	own.Env = environment(newStub(t, nil, c.answers...).url)
	one := own
	one.Env = append(slices.Clone(own.Env), "GOMAXPROCS=1")
	all := make([]samples, 3)
	for range rounds {
		ownStart, oneStart := live(t, own, c.refresh, 1), live(t, one, c.refresh, 1)
		ownWarm, oneWarm := live(t, own, c.refresh, 1+warm), live(t, one, c.refresh, 1+warm)
		for i, figure := range [][2]time.Duration{
			{oneStart.cpu, ownStart.cpu},
			{oneWarm.cpu - oneStart.cpu, ownWarm.cpu - ownStart.cpu},
			{median(oneWarm.took[1:]), median(ownWarm.took[1:])},
		} {
			all[i] = append(all[i], figure[0].Seconds()/figure[1].Seconds())
		}
	}
	return all
}

// frozen is floor 11: refreshes after Lambda has frozen the function and DynamoDB has closed its connections meanwhile.
func frozen(t *testing.T) []samples {
	const cycles, freeze, slow = 149, 90 * time.Millisecond, 15 * time.Millisecond
	c := newScene(t)
	refresh, _ := buildBoth(t)
	aws := newStub(t, nil, c.answers...)
	refresh.Env = environment(aws.url)
	p, err := runtimeapi.Start(t.Context(), refresh)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	invoke(t, p, c.refresh) // it fetches keys and opens connections
	over, took := 0.0, make(samples, cycles)
	for i := range cycles {
		err1 := p.Freeze()
		aws.closeConnections()
		time.Sleep(freeze)
		if err2 := p.Thaw(); err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		lasted := invoke(t, p, c.refresh)
		if took[i] = ms(lasted); lasted > slow {
			over++
		}
	}
	return []samples{{over}, took}
}
