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

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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

// generation is how often session one has been rotated.
func (p *place) generation() string {
	p.t.Helper()
	for key, item := range p.items() {
		if strings.HasSuffix(key, fixture.SessionOne) {
			n, _ := item["gn"].(*types.AttributeValueMemberN)
			if n == nil {
				return "0"
			}
			return n.Value
		}
	}
	p.t.Fatal("session one is gone")
	return ""
}

// Law 3: rotation is idempotent. A process that ends during the write, before it or after it, leaves a session whose
// old token still leads to the one successor, by whatever process.
func TestAProcessThatEndsDuringItsWriteLeavesTheSameSuccessor(t *testing.T) {
	place := newPlace(t).withTable()
	between := newProxy(t)
	place.at("DYNAMODB", place.serve(between))
	successor := place.RefreshText(fixture.SessionOne, 1)
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
			p := place.within(t)
			p.reset()
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
				t.Fatalf("the process answered: %v", err)
			}
			if got := p.generation(); got != c.written {
				t.Fatalf("generation %s after the end, want %s", got, c.written)
			}
			for range 2 {
				answer, err := p.start("refresh").Invoke(t.Context(), p.read("refresh"), timeout)
				if refreshed(t, answer.Payload, err) != successor || p.generation() != "1" {
					t.Errorf("another successor, or generation %s", p.generation())
				}
			}
		})
	}
}

// SIGTERM ends a function within Lambda's time, idle or at work; what it was at is either done or not.
func TestSIGTERMEndsAFunctionInTime(t *testing.T) {
	place := newPlace(t)
	asked := make(chan struct{}, 16)
	place.at("DYNAMODB", place.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		silent{}.ServeHTTP(w, r)
	})))
	for _, op := range []string{"refresh", "authorizer", "issue"} {
		t.Run(op, func(t *testing.T) {
			p := place.within(t)
			if _, err := p.start(op).Terminate(); err != nil {
				t.Errorf("idle: %v", err)
			}
			busy := p.start(op)
			done := make(chan error, 1)
			go func() {
				_, err := busy.Invoke(t.Context(), p.read(op), timeout)
				done <- err
			}()
			<-asked
			if _, err := busy.Terminate(); err != nil {
				t.Errorf("at work: %v", err)
			}
			var ended *runtimeapi.ExitError
			if err := <-done; !errors.As(err, &ended) {
				t.Errorf("at work: %v", err)
			}
		})
	}
}

// A function that was frozen goes on, though all its connections were closed meanwhile.
func TestAFrozenFunctionGoesOnWithItsConnectionsClosed(t *testing.T) {
	p := newPlace(t).withTable()
	server := httptest.NewServer(newProxy(t))
	t.Cleanup(server.Close)
	p.at("DYNAMODB", server.URL)
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
		if refreshed(t, answer.Payload, err) != first {
			t.Error("another successor after the thaw")
		}
	}
}

// No event, however odd, ends a function: the next one is answered by the same process.
func TestAnOddEventLeavesTheFunctionAtWork(t *testing.T) {
	place := newPlace(t)
	for _, op := range operations(t) {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			p := place.within(t)
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
			if process.State() != nil {
				t.Error("the process has ended")
			}
		})
	}
}

// storeless is the function refresh with nothing where its table should be, so that every use of it panics.
const storeless = `package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func main() {
	f := deploy.New(deploy.Issuer, deploy.TokenKeys, deploy.SigningKeys)
	core := f.Core()
	core.Sessions.Refresher = session.NewRefresher(nil, f.Minter())
	lambda.Start(api.AuthenticateRefresh(core))
}
`

// A panic in a handler is a 500, and the same process answers the next event. Outside of what a handler guards,
// aws-lambda-go reports a panic and ends the process, and Lambda starts another: pkg/e2e/lambda/runtimeapi tests that.
func TestAPanicIs500AndTheProcessAnswersTheNextEvent(t *testing.T) {
	p := newPlace(t)
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
	process, err := runtimeapi.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Close() })
	r := &replay{place: p, Process: process}
	for _, c := range []struct{ event, want, logged string }{
		{"authenticate-refresh", `500 {"error":{"code":"internalServerError"`, "failed"},
		{"authenticate-refresh-malformed", `400 {"error":`, "bad request"},
		{"authenticate-refresh-rotating", `500 {"error":{"code":"internalServerError"`, "failed"},
	} {
		r.event(outcome{event: c.event, answer: c.want, logged: c.logged})
	}
	if !strings.Contains(r.Stdout(), "panic") {
		t.Error("the log does not tell of the panic")
	}
	r.wantNoSecretsLogged()
}
