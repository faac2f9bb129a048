// Package main owns the whole service on one machine, `make run`: the handlers of functions/ behind a gateway with
// the routes of template.yaml, over the embedded store or a DynamoDB endpoint. It must never listen on anything but
// the loopback addresses: its credentials are in a file beside its data.
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
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "refresh-tokens cannot run:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 1 && (args[0] == "--help" || args[0] == "-help" || args[0] == "-h") {
		_, err := io.WriteString(stdout, help())
		return err
	}
	if len(args) > 0 {
		return fmt.Errorf("unknown argument %q: settings are environment variables, and --help lists them", args[0])
	}
	cfg, err := readConfig(getenv)
	if err != nil {
		return err
	}
	// The port comes first: a second start in one directory should report the port, not the store's lock.
	listeners, err := listen(cfg.port, openSocket(ctx))
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	s, err := open(ctx, cfg, stderr)
	if err != nil {
		return err
	}
	end, err := s.serveOperators(cfg.dir)
	if err != nil {
		return errors.Join(err, s.close())
	}
	greet(stdout, cfg, s.home)
	return errors.Join(s.serve(ctx, listeners, stdout), end(), s.close())
}

// drainFor is the time that requests in flight have to finish after Ctrl-C.
const drainFor = 15 * time.Second

// serve answers until the context ends, and then finishes the requests in flight.
func (s *service) serve(ctx context.Context, listeners []net.Listener, stdout io.Writer) error {
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     s.httpErrors(),
	}
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { served <- server.Serve(s.gateway.Listener(l)) }()
	}
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
