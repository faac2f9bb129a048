package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
)

func answering(a answer) func(*gatewayConfig) {
	return function(func(context.Context, request) (answer, error) { return a, nil })
}

func TestAnswersAreMergedAndRenamedAsRESTAPIsDo(t *testing.T) {
	h := with(t, answering(answer{
		StatusCode: 401, Body: "eyJhIjoxfQ==", IsBase64Encoded: true,
		Headers: map[string]string{
			"www-authenticate": "Bearer", "Date": "never", "content-length": "99", "Transfer-Encoding": "chunked",
			"Vary": "Origin", "Content-Type": "text/x",
		},
		MultiValueHeaders: map[string][]string{"Set-Cookie": {"a=1", "b=2"}, "vary": {"Origin", "Accept"}},
	}))
	w := get(h, "/open/a")
	check(t, w, 401, `{"a":1}`)
	got := maps.Clone(w.Header())
	delete(got, "X-Amzn-Requestid")
	delete(got, "X-Amz-Apigw-Id")
	want := http.Header{
		"X-Amzn-Remapped-Www-Authenticate": {"Bearer"}, "X-Amzn-Remapped-Date": {"never"}, "Content-Length": {"7"},
		"Vary": {"Origin", "Accept"}, "Content-Type": {"text/x"}, "Set-Cookie": {"a=1", "b=2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestAnAnswerWithoutContentTypeIsJSON(t *testing.T) {
	if got := get(with(t, nil), "/open/a").Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q, want application/json", got)
	}
	w := get(with(t, answering(answer{StatusCode: 204})), "/open/a")
	if w.Code != 204 || w.Header().Get("Content-Length") != "" {
		t.Errorf("got %d with Content-Length %q, want 204 without one", w.Code, w.Header().Get("Content-Length"))
	}
}

func TestAMalformedAnswerIsA502(t *testing.T) {
	var log bytes.Buffer
	for name, f := range map[string]gateway.Function{
		"an error":         func(context.Context, request) (answer, error) { return answer{StatusCode: 200}, errors.New("boom") },
		"Unauthorized":     func(context.Context, request) (answer, error) { return answer{}, errors.New("Unauthorized") },
		"a panic":          func(context.Context, request) (answer, error) { panic("boom") },
		"a panic with nil": func(context.Context, request) (answer, error) { panic(nil) },
		"an ended goroutine": func(context.Context, request) (answer, error) {
			runtime.Goexit()
			return answer{StatusCode: 200}, nil
		},
		"no status":         func(context.Context, request) (answer, error) { return answer{}, nil },
		"an impossible one": func(context.Context, request) (answer, error) { return answer{StatusCode: 1000}, nil },
		"an interim one":    func(context.Context, request) (answer, error) { return answer{StatusCode: 101}, nil },
		"no base64": func(context.Context, request) (answer, error) {
			return answer{StatusCode: 200, Body: "{}", IsBase64Encoded: true, Headers: map[string]string{"X": "y"}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			h := with(t, func(c *gatewayConfig) {
				c.Log = slog.New(slog.NewTextHandler(&log, nil))
				c.Functions["echo"] = f
			})
			w := get(h, "/open/a")
			check(t, w, 502, `{"default":5}`)
			if w.Header().Get("X") != "" || !strings.Contains(log.String(), "op=echo") {
				t.Errorf("header X %q, log %q; want no header and a line of op=echo", w.Header().Get("X"), &log)
			}
		})
	}
}

func TestAFunctionWithoutAnAnswerFor29SecondsIsA504(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		h := with(t, function(func(ctx context.Context, _ request) (answer, error) {
			<-ended
			return answer{StatusCode: 200}, ctx.Err()
		}))
		start := time.Now() // of the test's fake clock
		check(t, get(h, "/open/a"), 504, `{"default":5}`)
		if took := time.Since(start); took != 29*time.Second {
			t.Errorf("the function had %s, want 29 s", took)
		}
		close(ended)
	})
}

func TestAClientThatGoesAwayEndsNoFunction(t *testing.T) {
	var seen error
	h := with(t, function(func(ctx context.Context, _ request) (answer, error) {
		seen = ctx.Err()
		return answer{StatusCode: 200, Body: "done"}, nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	check(t, send(h, httptest.NewRequestWithContext(ctx, "GET", "/open/a", nil)), 200, "done")
	if seen != nil {
		t.Errorf("the function's context ended with %v, want it to outlive its client", seen)
	}
}

func TestGatewayResponsesHaveHeadersOfTheTemplateAndOfCORS(t *testing.T) {
	h := with(t, func(c *gatewayConfig) {
		c.CORS = func(origin string) http.Header { return http.Header{"Access-Control-Allow-Origin": {origin}} }
		c.Authorizers["authorizer"] = func(context.Context, question) (decision, error) {
			return decision{}, errors.New("Unauthorized")
		}
	})
	r := httptest.NewRequest("GET", "/guarded/a", nil)
	r.Header = http.Header{"Origin": {"http://localhost:5173"}, "X-Ask": {"asked"}}
	w := send(h, r)
	check(t, w, 401, `{"m":"Unauthorized","t":"UNAUTHORIZED."}`)
	for name, want := range map[string]string{
		"WWW-Authenticate": "Bearer", "X-Context": w.Header().Get("x-amzn-RequestId"), "X-Asked": "asked",
		"Access-Control-Allow-Origin": "http://localhost:5173", "Content-Type": "application/json",
	} {
		if got := w.Header().Get(name); got != want || got == "" {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestRequestsThatNetHTTPRefusesHaveAGatewayResponseToo(t *testing.T) {
	g := with(t, nil).(*gateway.Gateway)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(g.Listener(inner)) }()
	defer func() { _ = server.Close() }()
	const refused = `{"default":4}`
	for request, want := range map[string][2]string{
		"GET /open/%zz HTTP/1.1\r\nHost: a\r\n\r\n":                     {"400 Bad Request", refused},
		"GET /open/a HTTP/1.1\r\n\r\n":                                  {"400 Bad Request", refused},
		"GET /open/a HTTP/1.1\r\nHost: a\r\nBroken Header: x\r\n\r\n":   {"400 Bad Request", refused},
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n": {"501 Not Implemented", `{"default":5}`},
		"GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":    {"404 Not Found", `{"m":"Missing Authentication Token"}`},
		"OPTIONS /any HTTP/1.0\r\nHost: a\r\nOrigin: http://x\r\n\r\n":  {"200 OK", `{}`},
	} {
		if status, body := exchange(t, inner.Addr().String(), request); status != want[0] || body != want[1] {
			t.Errorf("%q: got %s %s, want %s %s", request, status, body, want[0], want[1])
		}
	}
}

func exchange(t *testing.T, address, request string) (status, body string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	line, _, _ := strings.Cut(head, "\r\n")
	_, status, _ = strings.Cut(line, " ")
	return status, body
}
