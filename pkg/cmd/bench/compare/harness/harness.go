// Package harness owns the process around a server of the comparison: its port, its routes and its end. All servers in Go
// share it, so that what is compared is the refresh alone. It must never know which server it is.
package harness

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Server makes tokens.
type Server interface {
	Mint(w http.ResponseWriter, r *http.Request)  // starts a chain
	Token(w http.ResponseWriter, r *http.Request) // is a refresh
}

// Serve serves on PORT of 127.0.0.1 until the process is interrupted or terminated.
func Serve(s Server) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /mint", s.Mint)
	mux.HandleFunc("POST /token", s.Token)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}
