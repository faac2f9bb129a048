package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	fixtureservice "github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/operator"
	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// desk is a service with the tenants of pkg/fixture, and where rtctl finds it.
type desk struct {
	*testing.T
	*fixtureservice.Service

	url         string // of the API
	functions   map[string]socket.Function
	outputs     map[string]string // of the stack, beside its functions
	environment map[string]string
	flags       []string // those that name the service
	parameters  map[string]string
	events      []event.Envelope // in the log group
	alarms      []string         // the names of those that sound
	expressions []string         // of metrics that were asked for
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := emptyDesk(t, fixtureservice.New(t, io.Discard))
	operators := operator.Operator{Store: d.Store, Now: d.Clock.Now, Random: rand.Reader, Log: d.Parts.Shell.Log}
	for op, function := range operators.Functions() {
		d.functions[string(op)] = function
	}
	d.functions["settings"] = func(context.Context, json.RawMessage) (any, error) { return d.parameters, nil }
	functions := map[string]gateway.Function{}
	for op, handler := range d.Handlers {
		functions[string(op)] = gateway.Function(handler)
	}
	d.serve(gateway.Config{
		API: &deployed(t).API, Functions: functions, CORS: d.Parts.Shell.Origins.Headers, Log: d.Parts.Shell.Log.Logger,
		Authorizers: map[string]gateway.Authorizer{"authorizer": d.Parts.Authorizer.Handler(d.Parts.Shell.Log)},
	})
	return d
}

const root = "../../.."

// emptyDesk has no function and no API.
func emptyDesk(t *testing.T, s *fixtureservice.Service) *desk {
	return &desk{T: t, Service: s, functions: map[string]socket.Function{}, environment: map[string]string{}}
}

var deployment = sync.OnceValues(func() (*stack.Template, error) {
	return stack.Read(filepath.Join(root, "template.yaml"), nil)
})

func deployed(t *testing.T) *stack.Template {
	t.Helper()
	template, err := deployment()
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// serve puts functions behind an API.
func (d *desk) serve(config gateway.Config) {
	d.Helper()
	g, err := gateway.New(config)
	if err != nil {
		d.Fatal(err)
	}
	server := httptest.NewServer(g)
	d.Cleanup(server.Close)
	d.url = server.URL
}

// onLaptop answers on the socket of a directory, with the credentials of tenant demo alone, after these changes.
func onLaptop(t *testing.T, changes ...func(*desk)) *desk {
	t.Helper()
	d := newDesk(t)
	for _, change := range changes {
		change(d)
	}
	dir := t.TempDir()
	d.environment["LOCAL_DIR"] = dir
	credentials := fmt.Sprintf("BASE_URL=%s\nTENANT_ID=demo\nAPI_KEY=%s\n", d.url, fixture.KeyText("all"))
	if err := os.WriteFile(filepath.Join(dir, "credentials.env"), []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := socket.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: socket.Handler(d.functions)}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return d
}

// result is what a command printed.
type result struct {
	ok       bool
	out, err string
}

// typed runs a command with this text as its standard input.
func (d *desk) typed(input string, args ...string) result {
	d.Helper()
	return d.given(strings.NewReader(input), args...)
}

// given runs a command with this standard input.
func (d *desk) given(input io.Reader, args ...string) result {
	d.Helper()
	var out, err bytes.Buffer
	w := world{input, &out, &err, func(name string) string { return d.environment[name] }}
	ok := run(d.Context(), w, append(args, d.flags...))
	return result{ok, out.String(), err.String()}
}

func (d *desk) run(args ...string) result { d.Helper(); return d.typed("", args...) }

// do wants a command to succeed and to print these words.
func (d *desk) do(words []string, args ...string) string {
	d.Helper()
	return d.wants(d.run(args...), true, words, args...)
}

// refused wants a command to fail with one line that has these words.
func (d *desk) refused(words []string, args ...string) {
	d.Helper()
	d.wants(d.run(args...), false, words, args...)
}

func (d *desk) wants(got result, ok bool, words []string, args ...string) string {
	d.Helper()
	text := got.out
	if !ok {
		text = got.err
		if !strings.HasPrefix(text, "rtctl: ") || strings.Count(text, "\n") != 1 || got.out != "" {
			d.Errorf("rtctl %q: got %q and %q, want one line of error alone", args, got.err, got.out)
		}
	}
	if got.ok != ok {
		d.Fatalf("rtctl %q: got %v, %s%s; want %v", args, got.ok, got.out, got.err, ok)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			d.Errorf("rtctl %q: got\n%swant %q in it", args, text, word)
		}
	}
	return got.out
}

// file is a file with this text.
func (d *desk) file(text string) string {
	d.Helper()
	path := filepath.Join(d.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		d.Fatal(err)
	}
	return path
}

// document is what a command prints with --json.
func (d *desk) document(args ...string) map[string]any {
	d.Helper()
	var value map[string]any
	out := d.do(nil, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		d.Fatalf("rtctl %q: got %s, want an object of JSON", args, out)
	}
	return value
}
