package dynamo_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// epochAnswer is what DynamoDB answers to AdvanceEpoch.
const epochAnswer = `{"Attributes":{"ep":{"N":"7"}}}`

// stub answers every request, after failing the first of each pair with a 500 when failing is set.
func stub(failing bool) *httptest.Server {
	var seen atomic.Int64
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if failing && seen.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
			return
		}
		_, _ = io.WriteString(w, epochAnswer)
	}))
}

func storeAt(b testing.TB, endpoint string) *dynamo.Store {
	b.Helper()
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: endpoint})
	if err != nil {
		b.Fatal(err)
	}
	return dynamo.New(client, "table")
}

// BenchmarkOneFailureThenSuccess reports how long a caller waits when DynamoDB answers 500 once.
func BenchmarkOneFailureThenSuccess(b *testing.B) {
	server := stub(true)
	defer server.Close()
	store := storeAt(b, server.URL)
	var took []time.Duration
	for b.Loop() {
		started := time.Now()
		if _, err := store.AdvanceEpoch(b.Context(), "tenant", "application"); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}

const freezeEndpoint = "FREEZE_ENDPOINT"

// TestFreezeThawChild is the process that BenchmarkFreezeThaw freezes: one call for each line it reads, answered
// with the microseconds that the call took.
func TestFreezeThawChild(t *testing.T) {
	endpoint := os.Getenv(freezeEndpoint)
	if endpoint == "" {
		return
	}
	store := storeAt(t, endpoint)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		started := time.Now()
		if _, err := store.AdvanceEpoch(t.Context(), "tenant", "application"); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("took %d\n", time.Since(started).Microseconds())
	}
}

// BenchmarkFreezeThaw reports how many calls are slow after Lambda has frozen the process (SIGSTOP, 90 ms) and the
// peer has closed its idle connections meanwhile. One iteration is one cycle: use -benchtime 149x.
func BenchmarkFreezeThaw(b *testing.B) {
	server := stub(false)
	defer server.Close()
	child := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestFreezeThawChild$")
	child.Env = append(os.Environ(), freezeEndpoint+"="+server.URL)
	ask, err1 := child.StdinPipe()
	said, err2 := child.StdoutPipe()
	if err1 != nil || err2 != nil || child.Start() != nil {
		b.Fatal("the child does not start")
	}
	answers := bufio.NewScanner(said)
	call := func() time.Duration {
		_, _ = io.WriteString(ask, "call\n")
		if !answers.Scan() {
			b.Fatal("the child has ended")
		}
		us, err := strconv.Atoi(strings.TrimPrefix(answers.Text(), "took "))
		if err != nil {
			b.Fatal(answers.Text())
		}
		return time.Duration(us) * time.Microsecond
	}
	call() // the first one opens a connection
	slow := 0
	for b.Loop() {
		_ = child.Process.Signal(syscall.SIGSTOP)
		server.CloseClientConnections()
		time.Sleep(90 * time.Millisecond)
		_ = child.Process.Signal(syscall.SIGCONT)
		if call() > 15*time.Millisecond {
			slow++
		}
	}
	b.ReportMetric(float64(slow), "calls-over-15ms")
	_ = ask.Close()
	_ = child.Wait()
}
