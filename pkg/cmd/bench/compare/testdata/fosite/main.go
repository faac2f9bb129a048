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
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/compare/harness"
)

const (
	issuer   = "http://127.0.0.1"
	clientID = "web"
	scope    = "offline"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fosite:", err)
		os.Exit(1)
	}
}

func run() error {
	s, err := newServer()
	if err != nil {
		return err
	}
	return harness.Serve(s)
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

type server struct {
	store    *lockedStore
	client   fosite.Client
	strategy oauth2.CoreStrategy
	provider fosite.OAuth2Provider
}

func newServer() (*server, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	config := &fosite.Config{
		GlobalSecret: secret, AccessTokenIssuer: issuer, AccessTokenLifespan: 15 * time.Minute, RefreshTokenScopes: []string{},
	}
	s := &server{
		store: &lockedStore{MemoryStore: storage.NewMemoryStore()},
		client: &fosite.DefaultClient{
			ID: clientID, Public: true, GrantTypes: []string{"refresh_token"}, Scopes: []string{scope},
		},
	}
	s.store.Clients[clientID] = s.client
	s.strategy = compose.NewOAuth2JWTStrategy(func(context.Context) (any, error) { return key, nil }, compose.NewOAuth2HMACStrategy(config), config)
	s.provider = compose.Compose(config, s.store, s.strategy, compose.OAuth2RefreshTokenGrantFactory)
	return s, nil
}

func newSession() *oauth2.JWTSession {
	return &oauth2.JWTSession{JWTClaims: &jwt.JWTClaims{Subject: "user", Issuer: issuer}, JWTHeader: &jwt.Headers{}}
}

// Mint stores a first refresh token, as the end of a login would.
func (s *server) Mint(w http.ResponseWriter, r *http.Request) {
	request := fosite.NewRequest()
	request.Client, request.Session = s.client, newSession()
	request.GrantScope(scope)
	request.GetSession().SetExpiresAt(fosite.RefreshToken, time.Now().Add(24*time.Hour))
	text, signature, err := s.strategy.GenerateRefreshToken(r.Context(), request)
	if err == nil {
		err = s.store.CreateRefreshTokenSession(r.Context(), signature, "", request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"refresh_token": text})
}

// Token is a refresh, as fosite's documentation writes the endpoint.
func (s *server) Token(w http.ResponseWriter, r *http.Request) {
	request, err := s.provider.NewAccessRequest(r.Context(), r, newSession())
	if err != nil {
		s.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	answer, err := s.provider.NewAccessResponse(r.Context(), request)
	if err != nil {
		s.provider.WriteAccessError(r.Context(), w, request, err)
		return
	}
	s.provider.WriteAccessResponse(r.Context(), w, request, answer)
}
