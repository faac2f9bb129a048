package runtimeapi_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
)

// runtime is a runtime that can do what a good one does not.
type runtime struct {
	t      *testing.T
	server *runtimeapi.Server
}

func newRuntime(t *testing.T) runtime {
	t.Helper()
	server, err := runtimeapi.NewServer("arn:aws:lambda:eu-west-1:123456789012:function:f")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return runtime{t, server}
}

// do sends a request of the Runtime API and returns what came back.
func (r runtime) do(method, path, body string) (status int, header http.Header, text string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+r.server.Addr()+"/2018-06-01/runtime/"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(raw)
}

func (r runtime) want(method, path, body string, status int, part string) {
	r.t.Helper()
	got, _, text := r.do(method, path, body)
	if got != status || !strings.Contains(text, part) {
		r.t.Errorf("%s %s: got %d %s, want %d %s", method, path, got, text, status, part)
	}
}

// invoke hands an event over and returns its id.
func (r runtime) invoke() (id string) {
	r.t.Helper()
	go func() { _, _ = r.server.Invoke(r.t.Context(), []byte(`{"n":1}`), timeout) }()
	status, header, text := r.do("GET", "invocation/next", "")
	if status != http.StatusOK || text != `{"n":1}` {
		r.t.Fatalf("next: got %d %s, want 200 and the event", status, text)
	}
	return header.Get("Lambda-Runtime-Aws-Request-Id")
}

func TestAnEventHasTheHeadersOfAnInvocation(t *testing.T) {
	r := newRuntime(t)
	before := time.Now()
	go func() { _, _ = r.server.Invoke(t.Context(), []byte(`{}`), timeout) }()
	_, header, _ := r.do("GET", "invocation/next", "")
	if id := header.Get("Lambda-Runtime-Aws-Request-Id"); len(id) != 36 {
		t.Errorf("request id: got %q, want a UUID", id)
	}
	if arn := header.Get("Lambda-Runtime-Invoked-Function-Arn"); arn != r.server.FunctionARN {
		t.Errorf("function ARN: got %q, want %q", arn, r.server.FunctionARN)
	}
	if trace := header.Get("Lambda-Runtime-Trace-Id"); !strings.HasPrefix(trace, "Root=1-") || !strings.Contains(trace, ";Sampled=1") {
		t.Errorf("trace id: got %q, want Root=1-...;Sampled=1", trace)
	}
	ms, err := strconv.ParseInt(header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	deadline := time.UnixMilli(ms)
	if err != nil || deadline.Before(before.Add(timeout).Truncate(time.Millisecond)) || deadline.After(time.Now().Add(timeout)) {
		t.Errorf("deadline: got %q, want %v ahead", header.Get("Lambda-Runtime-Deadline-Ms"), timeout)
	}
}

func TestAnAnswerGoesToItsInvocationOnce(t *testing.T) {
	r := newRuntime(t)
	id := r.invoke()
	r.want("POST", "invocation/00000000-0000-4000-8000-000000000000/response", `{}`, http.StatusBadRequest, "InvalidRequestID")
	r.want("POST", "invocation/"+id+"/response", strings.Repeat("x", 7<<20), http.StatusRequestEntityTooLarge, "RequestEntityTooLarge")
	r.want("POST", "invocation/"+id+"/response", `{"ok":true}`, http.StatusAccepted, "OK")
	r.want("POST", "invocation/"+id+"/response", `{"ok":true}`, http.StatusForbidden, "InvalidStateTransition")
	r.want("POST", "invocation/"+id+"/error", `{}`, http.StatusForbidden, "InvalidStateTransition")
	next := r.invoke()
	r.want("POST", "invocation/"+id+"/response", `{}`, http.StatusBadRequest, "InvalidRequestID")
	r.want("POST", "invocation/"+next+"/error", `{"errorType":"T","errorMessage":"m"}`, http.StatusAccepted, "OK")
}

func TestNoSecondEventBeforeTheAnswerToTheFirst(t *testing.T) {
	r := newRuntime(t)
	id := r.invoke()
	r.want("GET", "invocation/next", "", http.StatusForbidden, "InvalidStateTransition")
	r.want("POST", "invocation/"+id+"/response", `{}`, http.StatusAccepted, "OK")
}

func TestAnInitErrorBelongsToTheInitPhase(t *testing.T) {
	r := newRuntime(t)
	r.want("POST", "init/error", `{"errorType":"T","errorMessage":"m"}`, http.StatusAccepted, "OK")
	r.want("POST", "init/error", `{}`, http.StatusForbidden, "InvalidStateTransition")
	r.want("GET", "invocation/next", "", http.StatusForbidden, "InvalidStateTransition")
	late := newRuntime(t)
	late.invoke()
	late.want("POST", "init/error", `{}`, http.StatusForbidden, "InvalidStateTransition")
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	r := newRuntime(t)
	r.want("GET", "invocation/previous", "", http.StatusNotFound, "")
	r.want("GET", "init/error", "", http.StatusMethodNotAllowed, "")
}
