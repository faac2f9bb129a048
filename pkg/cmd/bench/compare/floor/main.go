// Package main owns the floor of the comparison: what a rotating refresh cannot do without, which is one durable
// conditional write and one ES256 signature behind net/http. It is a measure only, without expiry, tenants or reuse
// detection, and its keys end with the process. It must never be part of the service.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/compare/harness"
)

func main() {
	if err := run(os.Getenv("LOCAL_DIR")); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(dir string) (err error) {
	s, err := openStore(filepath.Join(dir, "floor.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return harness.Serve(floor{store: s, key: key})
}

type floor struct {
	store *store
	key   *ecdsa.PrivateKey
}

// Mint implements harness.Server.
func (f floor) Mint(w http.ResponseWriter, _ *http.Request) {
	next := newGrant()
	f.answer(w, next, f.store.swap(grant{}, next))
}

// Token implements harness.Server.
func (f floor) Token(w http.ResponseWriter, r *http.Request) {
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
