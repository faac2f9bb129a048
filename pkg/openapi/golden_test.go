package openapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

const (
	anID      = "019a9c1e-5c00-7d4e-9f3a-2b7c1d0e4f58"
	anAccess  = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
	aRefresh  = "srt_AQJrMQ"
	blanks    = "<more than 16 KB of blanks>"
	goldenDir = "../e2e/testdata"
)

// unmask writes something of the right shape where a golden exchange hides what varies.
func unmask(text string) string {
	return strings.NewReplacer(
		"<id>", anID, "<second id>", anID, "<service id>", anID, "<uuid>", anID, "{id}", anID, "{secondId}", anID, "{serviceId}", anID,
		"<refresh token>", aRefresh, "{token}", aRefresh, "{serviceToken}", aRefresh, "<access token>", anAccess, "{access}", anAccess,
		"<time>", "2025-11-21T12:00:00.000Z", "<seconds>", "900", "<numeric date>", "1763726400", "<issuer>", "https://tokens.example.com",
		"<user>", "ada", "{user}", "ada", "<stranger>", "bob", "{stranger}", "bob", "<cursor>", "c", blanks, strings.Repeat(" ", 16_385),
	).Replace(text)
}

// exchange is one request of a golden file with its answer.
type exchange struct {
	request *http.Request
	status  int
	header  http.Header
	body    string
}

// parse reads "> METHOD path", "> Header: value", "> body", "< status", "< Header: value", body, empty line.
func parse(t *testing.T, text string) exchange {
	t.Helper()
	x := exchange{header: http.Header{}}
	var sent, received []string
	for line := range strings.Lines(unmask(text)) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "> "); ok {
			sent = append(sent, rest)
		} else if line == ">" {
			sent = append(sent, "")
		} else if rest, ok := strings.CutPrefix(line, "< "); ok {
			received = append(received, rest)
		} else {
			x.body += line + "\n"
		}
	}
	x.body = strings.TrimSpace(x.body)
	method, path, _ := strings.Cut(sent[0], " ")
	body := sent[len(sent)-1]
	var err error
	if x.request, err = http.NewRequest(method, path, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if body == "" {
		x.request.Body, x.request.ContentLength = http.NoBody, 0
	} else {
		x.request.Header.Set("Content-Type", "application/json")
	}
	addAll(x.request.Header, sent[1:len(sent)-1])
	addAll(x.header, received[1:])
	if x.status, err = strconv.Atoi(received[0]); err != nil {
		t.Fatal(err)
	}
	return x
}

func addAll(h http.Header, lines []string) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Content-Type" {
			h.Set(name, value)
			continue
		}
		h.Add(name, value)
	}
}

func goldens(t *testing.T) map[string][]exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.golden"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	all := map[string][]exchange{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n\n> ") {
			all[filepath.Base(file)] = append(all[filepath.Base(file)], parse(t, "> "+strings.TrimPrefix(text, "> ")))
		}
	}
	return all
}

// validator holds exchanges against the document.
type validator struct{ router routers.Router }

func newValidator(t *testing.T) validator {
	t.Helper()
	router, err := gorillamux.NewRouter(load(t))
	if err != nil {
		t.Fatal(err)
	}
	return validator{router}
}

func (v validator) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.EnableJSONSchema2020()},
		},
	}, nil
}

// check validates the answer, and the request too if it was good.
func (v validator) check(x exchange) error {
	in, err := v.input(x.request)
	if errors.Is(err, routers.ErrPathNotFound) || errors.Is(err, routers.ErrMethodNotAllowed) {
		if x.status != http.StatusNotFound {
			return fmt.Errorf("a route that is not described answered %d", x.status)
		}
		return nil
	}
	if err != nil {
		return err
	}
	ctx := context.Background()
	if x.status < http.StatusMultipleChoices {
		if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	if x.body == "" && x.status != http.StatusNoContent && x.request.Method != http.MethodHead {
		return errors.New("the answer has no body")
	}
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: x.status, Header: x.header, Body: io.NopCloser(bytes.NewBufferString(x.body)), Options: in.Options,
	})
}

func TestEveryGoldenExchangeFitsTheDocument(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for file, exchanges := range goldens(t) {
		for i, x := range exchanges {
			if err := v.check(x); err != nil {
				t.Errorf("%s, exchange %d: %s %s -> %d: %v", file, i+1, x.request.Method, x.request.URL, x.status, err)
			}
		}
	}
}

// The check above is worth something only if it fails for what differs.
func TestAGoldenExchangeThatDiffersDoesNotFit(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for name, change := range map[string]func(x *exchange){
		"another status":  func(x *exchange) { x.status = 202 },
		"a key more":      func(x *exchange) { x.body = strings.Replace(x.body, "{", `{"more":1,`, 1) },
		"a key less":      func(x *exchange) { x.body = `{"accessToken":"` + anAccess + `"}` },
		"another type":    func(x *exchange) { x.body = `{"accessToken":"` + anAccess + `","refreshToken":1}` },
		"no JSON":         func(x *exchange) { x.body = "x" },
		"no cache header": func(x *exchange) { x.header.Del("Cache-Control") },
		"another header":  func(x *exchange) { x.header.Set("Cache-Control", "public") },
		"another body sent": func(x *exchange) {
			x.request = httptest.NewRequest("POST", "/User/RefreshToken", strings.NewReader(`{"refreshToken":"x","more":1}`))
		},
	} {
		x := goldens(t)["user-refresh-token.golden"][0]
		if err := v.check(x); err != nil {
			t.Fatal(err)
		}
		x = goldens(t)["user-refresh-token.golden"][0]
		change(&x)
		x.request.Header.Set("Content-Type", "application/json")
		if v.check(x) == nil {
			t.Errorf("%s: the exchange fits, want an error", name)
		}
	}
}
