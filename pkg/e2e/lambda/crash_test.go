package lambda_test

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// proxy stands before DynamoDB Local.
type proxy struct {
	engine *httputil.ReverseProxy

	mu     sync.Mutex
	before func() // called once, when an UpdateItem has arrived and not been passed on
	after  func() // called once, when an UpdateItem has been carried out and not been answered
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".UpdateItem") {
		p.engine.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	before, after := p.before, p.after
	p.before, p.after = nil, nil
	p.mu.Unlock()
	if before != nil {
		before()
		panic(http.ErrAbortHandler)
	}
	answer := httptest.NewRecorder()
	p.engine.ServeHTTP(answer, r)
	if after != nil {
		after()
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, answer.Body)
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	engine, err := url.Parse(dynamotest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{engine: httputil.NewSingleHostReverseProxy(engine)}
	p.engine.ErrorLog = log.New(io.Discard, "", 0) // a client that was ended in the middle is what the test is about
	return p
}

// refreshed is what POST /jwt/refresh answers.
func refreshed(t *testing.T, payload []byte, err error) string {
	t.Helper()
	var response struct {
		StatusCode int
		Body       string
	}
	var body struct{ Data struct{ RefreshToken string } }
	if err != nil || json.Unmarshal(payload, &response) != nil || response.StatusCode != http.StatusOK ||
		json.Unmarshal([]byte(response.Body), &body) != nil {
		t.Fatalf("refresh: %s", verdict(payload, err))
	}
	return body.Data.RefreshToken
}

// Law 3: rotation is idempotent, whichever process repeats it.
func TestAProcessThatEndsDuringItsWriteLeavesTheSameSuccessor(t *testing.T) {
	account := newAccount(t).withTable()
	between := newProxy(t)
	account.At("DYNAMODB", account.Serve(between))
	successor := account.RefreshText(fixture.SessionOne, 1)
	for _, c := range []struct {
		name    string
		signal  syscall.Signal
		written string // the generation afterwards
	}{
		{"SIGKILL before the write", syscall.SIGKILL, "0"},
		{"SIGKILL after the write", syscall.SIGKILL, "1"},
		{"SIGTERM before the write", syscall.SIGTERM, "0"},
		{"SIGTERM after the write", syscall.SIGTERM, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := account.within(t)
			p.reset(t)
			process := p.start("refresh")
			end := func() {
				if err := syscall.Kill(process.Pid(), c.signal); err != nil {
					t.Error(err)
				}
				<-process.Exited()
			}
			between.mu.Lock()
			if c.written == "0" {
				between.before = end
			} else {
				between.after = end
			}
			between.mu.Unlock()
			var ended *runtimeapi.ExitError
			if _, err := process.Invoke(t.Context(), p.read("refresh"), timeout); !errors.As(err, &ended) {
				t.Fatalf("got %v, want the end of the process", err)
			}
			if got := p.generation(t); got != c.written {
				t.Fatalf("generation after the end: got %s, want %s", got, c.written)
			}
			for range 2 {
				answer, err := p.start("refresh").Invoke(t.Context(), p.read("refresh"), timeout)
				if got := refreshed(t, answer.Payload, err); got != successor || p.generation(t) != "1" {
					t.Errorf("got %s in generation %s, want %s in 1", got, p.generation(t), successor)
				}
			}
		})
	}
}

func TestSIGTERMEndsAFunctionIdleOrAtWork(t *testing.T) {
	account := newAccount(t)
	asked := make(chan struct{}, 16)
	account.At("DYNAMODB", account.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		silent{}.ServeHTTP(w, r)
	})))
	for _, op := range []string{"refresh", "authorizer", "issue"} {
		t.Run(op, func(t *testing.T) {
			p := account.within(t)
			if _, err := p.start(op).Terminate(); err != nil {
				t.Errorf("idle: got %v, want an end", err)
			}
			busy := p.start(op)
			done := make(chan error, 1)
			go func() {
				_, err := busy.Invoke(t.Context(), p.read(op), timeout)
				done <- err
			}()
			<-asked
			_, terminated := busy.Terminate()
			var ended *runtimeapi.ExitError
			if err := <-done; terminated != nil || !errors.As(err, &ended) {
				t.Errorf("at work: got %v, %v, want an end without an answer", terminated, err)
			}
		})
	}
}

func TestAFrozenFunctionGoesOnThoughItsConnectionsWereClosed(t *testing.T) {
	p := newAccount(t).withTable()
	server := httptest.NewServer(newProxy(t))
	t.Cleanup(server.Close)
	p.At("DYNAMODB", server.URL)
	process := p.start("refresh")
	answer, err := process.Invoke(t.Context(), p.read("refresh"), timeout)
	first := refreshed(t, answer.Payload, err)
	for range 3 {
		if err := process.Freeze(); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
		if err := process.Thaw(); err != nil {
			t.Fatal(err)
		}
		answer, err = process.Invoke(t.Context(), p.read("refresh"), timeout)
		if got := refreshed(t, answer.Payload, err); got != first {
			t.Errorf("after the thaw: got %s, want %s", got, first)
		}
	}
}

func TestAnOddEventLeavesTheFunctionAtWork(t *testing.T) {
	account := newAccount(t)
	for _, op := range operations(t) {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			p := account.within(t)
			process := p.start(op)
			for _, event := range []string{
				`null`, `{}`, `[]`, `"x"`, `1`, `{`, ``, `{"headers":null,"body":null,"requestContext":null}`, `{"multiValueHeaders":{"":[]}}`,
				`{"httpMethod":"POST","body":"\ud800","isBase64Encoded":true,"requestContext":{"authorizer":{"tenantId":1,"userId":[]}}}`,
				`{"body":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, `{"Records":[{}]}`, `{"Records":[{"dynamodb":{"Keys":{"PK":{}}}}]}`,
				`{"Step":null,"SecretId":{}}`, `{"dropKeyId":[]}`,
			} {
				_, err := process.Invoke(t.Context(), []byte(event), timeout)
				var failure *runtimeapi.FunctionError
				if err != nil && (!errors.As(err, &failure) || len(failure.Stack) > 0) {
					t.Fatalf("%.60s: %v", event, err)
				}
			}
			if state := process.State(); state != nil {
				t.Errorf("got %v, want the process to run", state)
			}
		})
	}
}

// storeless is a function without a table: every use of the table panics.
const storeless = `package main

import (
	"github.com/stencil-auth/refresh-tokens/pkg/api/kirjaswappi"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New()
	f.Start(kirjaswappi.AuthenticateRefresh(f.Shell(), session.NewRefresher(nil, f.Minter())))
}
`

// Outside of a handler aws-lambda-go reports a panic and ends the process: pkg/e2e/lambda/runtimeapi tests that.
func TestAPanicIs500AndTheProcessAnswersTheNextEvent(t *testing.T) {
	p := newAccount(t)
	dir := t.TempDir()
	source := filepath.Join(dir, "storeless.go")
	if err := os.WriteFile(source, []byte(storeless), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := runtimeapi.Build(t.Context(), dir, source); err != nil {
		t.Fatal(err)
	}
	f := p.function("authenticate-refresh")
	f.Binary = filepath.Join(dir, "storeless")
	r := &replay{account: p, Process: p.startFunction(f)}
	for _, c := range []struct{ event, want, logged string }{
		{"authenticate-refresh", `500 {"error":{"code":"internalServerError"`, "failed"},
		{"authenticate-refresh-malformed", `400 {"error":`, "bad request"},
		{"authenticate-refresh-rotating", `500 {"error":{"code":"internalServerError"`, "failed"},
	} {
		r.event(outcome{event: c.event, answer: c.want, logged: c.logged})
	}
	if !strings.Contains(r.Stdout(), "panic") {
		t.Error("the log: got no panic, want one")
	}
	r.wantNoSecretsLogged()
}
