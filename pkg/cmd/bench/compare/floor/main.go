// Package main owns the floor of the comparison: what a rotating refresh cannot do without, which is one durable
// conditional write and one ES256 signature behind net/http. It is a measure only, without expiry, tenants or reuse
// detection, and its keys end with the process. It must never be part of the service.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("PORT"), os.Getenv("LOCAL_DIR"))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, port, dir string) (err error) {
	s, err := openStore(filepath.Join(dir, "floor.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	f := floor{store: s, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /mint", f.mint)
	mux.HandleFunc("POST /token", f.token)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:"+port)
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

type floor struct {
	store *store
	key   *ecdsa.PrivateKey
}

// mint starts a chain.
func (f floor) mint(w http.ResponseWriter, _ *http.Request) {
	next := newGrant()
	f.answer(w, next, f.store.swap(grant{}, next))
}

// token is a refresh.
func (f floor) token(w http.ResponseWriter, r *http.Request) {
	presented, err := parseGrant(r.PostFormValue("refresh_token"))
	if err != nil {
		f.answer(w, grant{}, err)
		return
	}
	next := presented.successor()
	f.answer(w, next, f.store.swap(presented, next))
}

func (f floor) answer(w http.ResponseWriter, g grant, err error) {
	if err != nil {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	const life = 900
	now := time.Now().Unix()
	access, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": "floor", "sub": "user", "aud": "web", "client_id": "web", "iat": now, "exp": now + life, "jti": rand.Text(),
	}).SignedString(f.key)
	if err != nil {
		http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that is gone has no use for the error
		"access_token": access, "token_type": "Bearer", "expires_in": life, "refresh_token": g.String(),
	})
}
