package console

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// terminal runs a console: what it prints, and the clock of its links.
type terminal struct {
	*testing.T

	printed *bufio.Reader
	enter   io.Writer
	end     context.CancelFunc
	ended   chan error
	later   time.Duration
	host    string
}

func start(t *testing.T) *terminal {
	t.Helper()
	out, printer := io.Pipe()
	in, enter := io.Pipe()
	ctx, end := context.WithCancel(t.Context())
	x := &terminal{T: t, printed: bufio.NewReader(out), enter: enter, end: end, ended: make(chan error, 1)}
	began := time.Now()
	c := Console{
		Of: "a test", In: in, Out: printer, Random: rand.Reader, Now: func() time.Time { return began.Add(x.later) },
		Functions: map[string]Function{
			"echo": func(_ context.Context, payload json.RawMessage) (any, error) { return payload, nil },
			"fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("userId is blank") },
		},
	}
	go func() { x.ended <- c.Run(ctx) }()
	t.Cleanup(func() { end(); _ = enter.Close() })
	return x
}

var printedLink = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)/#link=([\w-]{43})`)

// link is the next one that is printed.
func (x *terminal) link() string {
	x.Helper()
	for {
		line, err := x.printed.ReadString('\n')
		if err != nil {
			x.Fatal(err)
		}
		if found := printedLink.FindStringSubmatch(line); found != nil {
			if x.host == "" {
				x.host = found[1]
			}
			for !strings.Contains(line, "Ctrl-C") {
				if line, err = x.printed.ReadString('\n'); err != nil {
					x.Fatal(err)
				}
			}
			return found[2]
		}
	}
}

// ask sends a request as the page does, after changes. It returns the status, the body and the header of the answer.
func (x *terminal) ask(method, path, body string, changes ...func(*http.Request)) (int, string, http.Header) {
	x.Helper()
	r, err := http.NewRequestWithContext(x.Context(), method, "http://"+x.host+path, strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://"+x.host)
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range changes {
		change(r)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		x.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		x.Fatal(err)
	}
	return a.StatusCode, string(raw), a.Header
}

// exchange is the secret for a link, or "".
func (x *terminal) exchange(link string) string {
	x.Helper()
	_, body, _ := x.ask("POST", "/session", fmt.Sprintf(`{"link":%q}`, link))
	var out struct{ Secret string }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		x.Fatal(err)
	}
	return out.Secret
}

func with(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[name] = values }
}

func secret(values ...string) func(*http.Request) { return with("X-Console-Secret", values...) }
