package hook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func call(t *testing.T) session.HookCall {
	t.Helper()
	id, _ := token.ParseID("0198c0de-7a3b-7c1d-8e2f-000000000001")
	return session.HookCall{
		Event: "refresh", Key: session.Key{Tenant: "demo", User: "jane", Application: "web", ID: id}, Generation: 7, RequestID: "r-1",
	}
}

// answering is a hook on this machine.
func answering(t *testing.T, handler http.HandlerFunc) hook.Ask {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return hook.URL(server.URL)
}

// saying is a hook that gives one answer.
func saying(t *testing.T, status int, body string) hook.Ask {
	t.Helper()
	return answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestTheQuestionIsTheDocumentedJSON(t *testing.T) {
	var got, method, contentType string
	ask := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, method, contentType = string(body), r.Method, r.Header.Get("Content-Type")
		_, _ = io.WriteString(w, "{}")
	})
	answer, err := ask(t.Context(), call(t))
	const want = `{"version":1,"event":"refresh","tenantId":"demo","applicationId":"web","userId":"jane",` +
		`"tokenId":"0198c0de-7a3b-7c1d-8e2f-000000000001","generation":7,"requestId":"r-1"}`
	if err != nil || answer.Deny || answer.Claims != nil {
		t.Errorf("got %v, %v, want the claims kept", answer, err)
	}
	if got != want || method != http.MethodPost || contentType != "application/json" {
		t.Errorf("got %s %s %s\nwant POST application/json %s", method, contentType, got, want)
	}
}

func TestAnAnswerIsReadStrictly(t *testing.T) {
	long := func(bytes int) string {
		return `{"claims":{"x":"` + strings.Repeat("x", bytes-len(`{"claims":{"x":""}}`)) + `"}}`
	}
	deep := func(levels int) string {
		return `{"claims":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) + "}"
	}
	padded := func(bytes int) string { return "{" + strings.Repeat(" ", bytes-2) + "}" }
	for body, want := range map[string]string{
		`{}`:                                    `keep`,
		` {"claims": {"role": ["a", "<b>"]}}`:   `{"role":["a","\u003cb\u003e"]}`,
		`{"claims":{}}`:                         `{}`,
		`{"deny":true}`:                         `deny `,
		`{"deny":true,"reason":"unpaid"}`:       `deny unpaid`,
		`{"reason":"Not A Reason","deny":true}`: `deny `,
		`{"deny":true,"reason":7}`:              `deny `,
		`{"deny":true,"reason":"` + strings.Repeat("x", 33) + `"}`: `deny `,
		padded(hook.MaxAnswer):           `keep`,
		padded(hook.MaxAnswer + 1):       `fail`,
		long(2048 + len(`{"claims":}`)):  `long`,
		long(2049 + len(`{"claims":}`)):  `fail`,
		deep(8):                          strings.TrimSuffix(strings.TrimPrefix(deep(8), `{"claims":`), "}"),
		deep(9):                          `fail`,
		``:                               `fail`,
		`null`:                           `fail`,
		`[]`:                             `fail`,
		`"x"`:                            `fail`,
		`{}{}`:                           `fail`,
		`{"claims":null}`:                `fail`,
		`{"claims":[]}`:                  `fail`,
		`{"claims":{},"deny":true}`:      `fail`,
		`{"claims":{},"reason":"r"}`:     `fail`,
		`{"reason":"r"}`:                 `fail`,
		`{"deny":false}`:                 `fail`,
		`{"deny":"true"}`:                `fail`,
		`{"Deny":true}`:                  `fail`,
		`{"deny":true,"deny":false}`:     `fail`,
		`{"deny":true,"more":1}`:         `fail`,
		`{"claims":{"a":1,"a":2}}`:       `fail`,
		`{"claims":{"a":{"b":1,"b":2}}}`: `fail`,
		"{\"claims\":{\"a\":\"\xff\"}}":  `fail`,
		`{"claims":{"a":"\ud800"}}`:      `fail`,
		`{"claims":{"sub":"root"}}`:      `fail`,
		`{"claims":{"SUB":"root"}}`:      `fail`,
		`{"claims":{"\u017fub":"root"}}`: `fail`,
		`{"claims":{"cnf":{}}}`:          `fail`,
		`{"claims":{"narrowed":false}}`:  `fail`,
		`<html>secret</html>`:            `fail`,
	} {
		if want == "long" {
			want = body[len(`{"claims":`) : len(body)-1]
		}
		answer, err := saying(t, http.StatusOK, body)(t.Context(), call(t))
		got := "keep"
		switch {
		case err != nil:
			got = "fail"
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "root") {
				t.Errorf("got the error %q, want none of the answer in it", err)
			}
		case answer.Deny:
			got = "deny " + answer.Reason
		case answer.Claims != nil:
			got = string(answer.Claims)
		}
		if got != want {
			t.Errorf("%.60s: got %.60s (%v), want %.60s", body, got, err, want)
		}
	}
}

func TestAnotherStatusIsAFailure(t *testing.T) {
	for _, status := range []int{201, 204, 302, 403, 429, 500, 503} {
		if answer, err := saying(t, status, "")(t.Context(), call(t)); err == nil {
			t.Errorf("status %d: got %v, want a failure", status, answer)
		}
	}
}

// A hook that forwards elsewhere would choose who learns of the sessions.
func TestARedirectionIsNotFollowed(t *testing.T) {
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		followed = true
		_, _ = io.WriteString(w, "{}")
	}))
	defer elsewhere.Close()
	ask := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if answer, err := ask(t.Context(), call(t)); err == nil || followed {
		t.Errorf("got %v, followed %v, want a failure", answer, followed)
	}
}

func TestAHookThatHangsFailsWithTheContext(t *testing.T) {
	reached := make(chan struct{})
	ask := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server sees the end of a connection behind the body alone
		close(reached)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	if answer, err := ask(ctx, call(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want %v", answer, err, context.Canceled)
	}
}

// So is one that sends its answer byte by byte and never ends it.
func TestAnEndlessAnswerFails(t *testing.T) {
	ask := answering(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
		}
	})
	if answer, err := ask(t.Context(), call(t)); err == nil {
		t.Errorf("got %v, want a failure", answer)
	}
}
