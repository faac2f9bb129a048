package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
)

// logged sends a request through a gateway with Lines and reads the lines of its log.
func logged(t *testing.T, level slog.Level, r *http.Request, change func(*slog.Logger, *gatewayConfig)) []map[string]any {
	t.Helper()
	var text buffer
	lines := gateway.Lines{Handler: slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: level})}
	send(lines.Serve(with(t, func(c *gatewayConfig) {
		c.Log = slog.New(lines)
		if change != nil {
			change(c.Log, c)
		}
	})), r)
	return decodeLines(t, strings.NewReader(text.String()))
}

// buffer is a log that a function may write to while a test reads it.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func decodeLines(t *testing.T, text io.Reader) (lines []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(text); ; {
		var line map[string]any
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return lines
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

// wantLine wants one line with these members.
func wantLine(t *testing.T, what string, lines []map[string]any, want map[string]any) {
	t.Helper()
	if len(lines) != 1 {
		t.Fatalf("%s: got %d lines %v, want one", what, len(lines), lines)
	}
	for name, value := range want {
		if got := lines[0][name]; got != value {
			t.Errorf("%s: %s is %v, want %v", what, name, got, value)
		}
	}
	if ms, ok := lines[0]["ms"].(float64); !ok || ms < 0 {
		t.Errorf("%s: ms is %v, want milliseconds", what, lines[0]["ms"])
	}
}

// says makes a function that logs as a request of an operation.
func says(log *slog.Logger, level slog.Level, op string) gateway.Function {
	return func(ctx context.Context, _ request) (answer, error) {
		log.LogAttrs(ctx, level, "request", slog.String("op", op), slog.Float64("ms", -1), slog.String("tenant", "demo"))
		return answer{StatusCode: 201}, nil
	}
}

func TestARequestIsOneLineOfAllThatItsPartsLog(t *testing.T) {
	lines := logged(t, slog.LevelInfo, httptest.NewRequest("GET", "/guarded/a?token=secret", nil), func(log *slog.Logger, c *gatewayConfig) {
		allow := c.Authorizers["authorizer"]
		c.Authorizers["authorizer"] = func(ctx context.Context, q question) (decision, error) {
			log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("op", "authorizer"), slog.String("caller", "key"))
			return allow(ctx, q)
		}
		c.Functions["echo"] = says(log, slog.LevelWarn, "echo")
	})
	wantLine(t, "GET /guarded/a", lines, map[string]any{
		"msg": "request", "level": "WARN", "method": "GET", "path": "/guarded/{id}", "status": 201.0, "op": "echo", "caller": "key",
		"tenant": "demo",
	})
}

func TestWhatNoFunctionAnswersHasALineToo(t *testing.T) {
	boom := func(context.Context, request) (answer, error) { return answer{}, errors.New("boom") }
	for target, want := range map[string]map[string]any{
		"/nowhere?token=secret": {"level": "INFO", "path": "/nowhere", "status": 404.0, "op": nil},
		"/open/alice/":          {"path": "/open/{id}", "status": 404.0, "method": "PUT"},
		"/open/a?%zz":           {"level": "INFO", "path": "/open/{id}", "status": 400.0},
		"/open/b":               {"level": "ERROR", "path": "/open/{id}", "status": 502.0, "op": "echo", "error": "boom", "outcome": "function failed"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = target
		if method, ok := want["method"].(string); ok {
			r.Method = method
		}
		wantLine(t, target, logged(t, slog.LevelInfo, r, func(_ *slog.Logger, c *gatewayConfig) { c.Functions["echo"] = boom }), want)
	}
}

func TestTheLevelOfTheLogIsThatOfTheWholeLine(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 0, slog.LevelInfo: 0, slog.LevelWarn: 1, slog.LevelError: 1} {
		got := logged(t, slog.LevelWarn, httptest.NewRequest("GET", "/open/a", nil), func(log *slog.Logger, c *gatewayConfig) {
			c.Functions["echo"] = says(log, level, "echo")
			log.Debug("not about a request")
		})
		if len(got) != want || want == 1 && got[0]["tenant"] != "demo" {
			t.Errorf("a part of level %s in a log of WARN: got lines %v, want %d of all parts", level, got, want)
		}
	}
}

func TestAFunctionThatRunsOnHasALineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []map[string]any
		ended := make(chan struct{})
		lines = logged(t, slog.LevelInfo, httptest.NewRequest("GET", "/open/a", nil), func(log *slog.Logger, c *gatewayConfig) {
			c.Functions["echo"] = func(ctx context.Context, r request) (answer, error) {
				defer close(ended)
				time.Sleep(time.Minute)
				return says(log, slog.LevelInfo, "late")(ctx, r)
			}
		})
		wantLine(t, "a timeout", lines, map[string]any{"status": 504.0, "ms": 29000.0, "op": "echo", "tenant": nil})
		<-ended
	})
}

// Any part of an unknown path, and the method, may be a credential by mistake.
func TestALineShowsOfAnUnknownPathWhatIsNoCredential(t *testing.T) {
	secret := strings.Repeat("A1b2", 12)
	for path, want := range map[string]string{
		"/favicon.ico": "/favicon.ico", "/jwt/Refresh/": "/jwt/Refresh/", "/": "/", "/a//b": "/a//b",
		"/open/" + secret + "/x": "/open/…/x", "/" + secret: "/…", "/x%20y/%F0%9F": "/x%20y/%F0%9F", "/\xf0\x9f\x1b[31m": "/%F0%9F%1B[31m",
		"/1/2/3/4/5/6/7/" + secret + "/9/" + secret: "/1/2/3/4/5/6/7/…",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = path + "?token=" + secret
		wantLine(t, path, logged(t, slog.LevelInfo, r, nil), map[string]any{"path": want})
		r.Method = secret
		wantLine(t, path, logged(t, slog.LevelInfo, r, nil), map[string]any{"path": want, "method": "…"})
	}
}

func TestARequestThatNetHTTPRefusesHasALine(t *testing.T) {
	var text bytes.Buffer
	g := with(t, func(c *gatewayConfig) { c.Log = slog.New(slog.NewJSONHandler(&text, nil)) }).(*gateway.Gateway)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(g.Listener(inner)) }()
	exchange(t, inner.Addr().String(), "GET /open/%zz HTTP/1.1\r\nHost: a\r\n\r\n")
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if lines := decodeLines(t, &text); len(lines) != 1 || lines[0]["status"] != 400.0 {
		t.Errorf("got lines %v, want one of status 400", lines)
	}
}
