// Package console owns the page of rtctl console: how it is served on a loopback address, and to whom. Its functions
// answer the one page that was opened with the newest link, and nobody else on the machine or on the web. It must never
// know what its functions do, nor keep a secret anywhere but in memory.
package console

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/page"
)

//go:embed console.html *.js
var files embed.FS

// scripts are the page's own, in their order.
func scripts() []string {
	return []string{"call.js", "view.js", "user.js", "history.js", "applications.js", "keys.js", "activity.js"}
}

// Function answers the payload of a request of the page. Its error is a sentence that the page shows.
type Function func(ctx context.Context, payload json.RawMessage) (any, error)

// Console is a page and what it may ask for.
type Console struct {
	Of        string // the service, in words
	Functions map[string]Function
	In        io.Reader // each line asks for a fresh link; nil where nobody types
	Out       io.Writer // of the links
	Random    io.Reader
	Now       func() time.Time
}

const (
	maxPayload = 64 << 10 // bytes
	// drainFor is the time that requests in flight have after Ctrl-C: a deletion should be answered.
	drainFor = 15 * time.Second
	// watchFor is how long one request waits for the end of its page.
	watchFor = time.Minute
)

// Run serves the page on a free port of 127.0.0.1, until the context ends. It prints the link, and opens no browser: the
// arguments of a process are no secret to others on the machine.
func (c *Console) Run(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := &guard{host: l.Addr().String(), random: c.Random, now: c.Now, over: make(chan struct{})}
	home, err := page.New(files, "console.html", scripts()...)
	if err = errors.Join(err, c.print(g)); err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: g.protect(home, c.posts(ctx, g)), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	go c.listen(ctx, g)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	return server.Shutdown(drain)
}

// print draws a link and prints it.
func (c *Console) print(g *guard) error {
	link, err := g.draw()
	if err != nil {
		return err
	}
	enter := ""
	if c.In != nil {
		enter = "Enter prints a fresh link, which closes the page before. "
	}
	_, err = fmt.Fprintf(c.Out, "\n  http://%s/#link=%s\n\nIt opens the console of %s once, within %.0f minutes.\n%sCtrl-C ends the console.\n",
		g.host, link, c.Of, linkLife.Minutes(), enter)
	return err
}

// listen prints a fresh link for each line that is typed.
func (c *Console) listen(ctx context.Context, g *guard) {
	if c.In == nil {
		return
	}
	for lines := bufio.NewScanner(c.In); lines.Scan() && ctx.Err() == nil; {
		if c.print(g) != nil {
			return
		}
	}
}

// posts answers the exchange of a link and the requests of the page. Ctx ends with the command.
func (c *Console) posts(ctx context.Context, g *guard) http.Handler {
	posts := http.NewServeMux()
	posts.HandleFunc("/session", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Link string }
		if !read(w, r, &in) {
			return
		}
		secret, err := g.exchange(in.Link)
		if err != nil {
			answer(w, http.StatusForbidden, message{err.Error()})
			return
		}
		answer(w, http.StatusOK, map[string]string{"secret": secret, "of": c.Of})
	})
	posts.HandleFunc("/watch", g.opened(func(w http.ResponseWriter, r *http.Request, over <-chan struct{}) {
		select {
		case <-ctx.Done():
		case <-over:
		case <-r.Context().Done():
		case <-time.After(watchFor):
		}
		answer(w, http.StatusOK, map[string]bool{"over": ctx.Err() != nil})
	}))
	for name, function := range c.Functions {
		posts.HandleFunc("/functions/"+name, g.opened(func(w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
			var payload json.RawMessage
			if !read(w, r, &payload) {
				return
			}
			out, err := function(r.Context(), payload)
			if err != nil {
				answer(w, http.StatusUnprocessableEntity, message{err.Error()})
				return
			}
			answer(w, http.StatusOK, out)
		}))
	}
	posts.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, message{"There is nothing here."})
	})
	return posts
}

// message is the answer to what is refused.
type message struct {
	Message string `json:"message"`
}

// read reads a payload, or answers that it cannot.
func read(w http.ResponseWriter, r *http.Request, in any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPayload)).Decode(in)
	if err != nil {
		answer(w, http.StatusBadRequest, message{"The request is no JSON, or too long."})
	}
	return err == nil
}

func answer(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // a page that is gone has no use for the error
}
