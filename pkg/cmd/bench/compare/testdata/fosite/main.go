// Package main owns the harness that makes a server of github.com/ory/fosite for the comparison: its own in-memory
// store, ES256 access tokens, rotating refresh tokens, one public client. It must never be part of the service. It is
// built with -modfile, for this module requires no fosite.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
)

const (
	issuer   = "http://127.0.0.1"
	clientID = "web"
	scope    = "offline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("PORT"))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fosite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, port string) error {
	h, err := newHarness()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /mint", h.mint)
	mux.HandleFunc("POST /token", h.token)
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

// lockedStore puts one lock around what a refresh does to the refresh tokens: fosite's own store reads and writes
// their map under different locks, and the process ends with "concurrent map read and map write".
type lockedStore struct {
	*storage.MemoryStore

	mu sync.Mutex
}

// GetRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (s *lockedStore) GetRefreshTokenSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.MemoryStore.GetRefreshTokenSession(ctx, signature, session)
}

// CreateRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (s *lockedStore) CreateRefreshTokenSession(ctx context.Context, signature, access string, r fosite.Requester) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.MemoryStore.CreateRefreshTokenSession(ctx, signature, access, r)
}

// DeleteRefreshTokenSession implements oauth2.RefreshTokenStorage.
func (s *lockedStore) DeleteRefreshTokenSession(ctx context.Context, signature string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.MemoryStore.DeleteRefreshTokenSession(ctx, signature)
}

// RotateRefreshToken implements oauth2.RefreshTokenStorage.
func (s *lockedStore) RotateRefreshToken(ctx context.Context, requestID, signature string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.MemoryStore.RotateRefreshToken(ctx, requestID, signature)
}

// RevokeRefreshToken implements oauth2.TokenRevocationStorage.
func (s *lockedStore) RevokeRefreshToken(ctx context.Context, requestID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.MemoryStore.RevokeRefreshToken(ctx, requestID)
}

type harness struct {
	store    *lockedStore
	client   fosite.Client
	strategy oauth2.CoreStrategy
	provider fosite.OAuth2Provider
}

func newHarness() (*harness, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	config := &fosite.Config{
		GlobalSecret: secret, AccessTokenIssuer: issuer, AccessTokenLifespan: 15 * time.Minute, RefreshTokenScopes: []string{},
	}
	h := &harness{
		store: &lockedStore{MemoryStore: storage.NewMemoryStore()},
		client: &fosite.DefaultClient{
			ID: clientID, Public: true, GrantTypes: []string{"refresh_token"}, Scopes: []string{scope},
		},
	}
	h.store.Clients[clientID] = h.client
	h.strategy = compose.NewOAuth2JWTStrategy(func(context.Context) (any, error) { return key, nil }, compose.NewOAuth2HMACStrategy(config), config)
	h.provider = compose.Compose(config, h.store, h.strategy, compose.OAuth2RefreshTokenGrantFactory)
	return h, nil
}

func newSession() *oauth2.JWTSession {
	return &oauth2.JWTSession{JWTClaims: &jwt.JWTClaims{Subject: "user", Issuer: issuer}, JWTHeader: &jwt.Headers{}}
}

// mint stores a first refresh token, as the end of a login would.
func (h *harness) mint(w http.ResponseWriter, r *http.Request) {
	request := fosite.NewRequest()
	request.Client, request.Session = h.client, newSession()
	request.GrantScope(scope)
	request.GetSession().SetExpiresAt(fosite.RefreshToken, time.Now().Add(24*time.Hour))
	text, signature, err := h.strategy.GenerateRefreshToken(r.Context(), request)
	if err == nil {
		err = h.store.CreateRefreshTokenSession(r.Context(), signature, "", request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"refresh_token": text})
}

// token is a refresh, as fosite's documentation writes the endpoint.
func (h *harness) token(w http.ResponseWriter, r *http.Request) {
	request, err := h.provider.NewAccessRequest(r.Context(), r, newSession())
	if err != nil {
		h.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	answer, err := h.provider.NewAccessResponse(r.Context(), request)
	if err != nil {
		h.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	h.provider.WriteAccessResponse(r.Context(), w, request, answer)
}
