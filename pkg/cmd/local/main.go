// Package main owns the whole service on one machine, `make run`: the handlers of functions/ behind a gateway with
// the routes of template.yaml, over the embedded store or a DynamoDB endpoint. It must never listen on anything but
// a loopback address: its credentials are in a file beside its data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "refresh-tokens cannot run:", err)
		os.Exit(1)
	}
}

// drainFor is the time that requests in flight have to finish after Ctrl-C.
const drainFor = 15 * time.Second

func run(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	cfg, err := readConfig(getenv)
	if err != nil {
		return err
	}
	// The port comes first: a second start in one directory should report the port, not the store's lock.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", cfg.address())
	if err != nil {
		return fmt.Errorf("listen on %s: %w (is another one running? choose a port with PORT=3001 make run)",
			cfg.address(), errors.Unwrap(err))
	}
	defer func() { _ = listener.Close() }()
	s, err := open(ctx, cfg, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     s.httpErrors(),
	}
	greet(stdout, cfg, s)
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.gateway.Listener(listener)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	fmt.Fprintln(stdout, "Stopping: finishing requests in flight.")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("stop: requests were still in flight after %s: %w", drainFor, err)
	}
	return nil
}

// config is the environment of the local service.
type config struct {
	port     int
	dir      string
	template string
	logLevel string
	endpoint string // of DynamoDB; "" for the embedded store
	getenv   func(string) string
}

func readConfig(getenv func(string) string) (config, error) {
	or := func(name, fallback string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return fallback
	}
	cfg := config{
		dir: or("LOCAL_DIR", ".local"), template: or("TEMPLATE", "template.yaml"),
		logLevel: or("LOG_LEVEL", "info"), endpoint: getenv("DYNAMODB_ENDPOINT"), getenv: getenv,
	}
	var err error
	cfg.port, err = strconv.Atoi(or("PORT", "3000"))
	if err != nil || cfg.port < 1 || cfg.port > 65535 {
		return cfg, errors.New("PORT must be a number from 1 to 65535")
	}
	return cfg, nil
}

func (c config) address() string { return "127.0.0.1:" + strconv.Itoa(c.port) }

func (c config) baseURL() string { return "http://" + c.address() }

func (c config) file(name string) string { return filepath.Join(c.dir, name) }

func greet(stdout io.Writer, cfg config, s *service) {
	credentials := cfg.file(credentialsFile)
	fmt.Fprintf(stdout, `
refresh-tokens is ready on %s
  try it out   %s/docs
  store        %s
  credentials  %s

Try it, in another terminal:
  . %s
  curl -s "$BASE_URL/jwt/issue" -H "Authorization: Bearer $API_KEY" -H "X-Stencil-TenantId: $TENANT_ID" \
    -d '{"userId":"alice","applicationId":"'"$APPLICATION_ID"'"}'

Ctrl-C stops it.
`, cfg.baseURL(), cfg.baseURL(), s.home, credentials, sourceable(credentials))
}

// sourceable makes a path that "." in a POSIX shell does not search for in PATH.
func sourceable(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return "./" + path
}
