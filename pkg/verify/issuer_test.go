package verify_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

const (
	notes = "https://notes.example" // the audience of the API
	sid   = "019bc1f5-9a00-7000-8000-000000000001"
	jti   = "019bc1f5-9a00-7000-8000-0000000000aa"
)

// keysOf are made once for each algorithm: an RSA key takes a tenth of a second.
var keysOf = map[string]func() fixture.Keys{
	"ES256": sync.OnceValue(func() fixture.Keys { return fixture.NewKeys("ES256") }),
	"EdDSA": sync.OnceValue(func() fixture.Keys { return fixture.NewKeys("EdDSA") }),
	"RS256": sync.OnceValue(func() fixture.Keys { return fixture.NewKeys("RS256") }),
}

// server publishes what the service does, and counts requests. Documents may be replaced.
type server struct {
	*httptest.Server
	*fixture.Clock
	fixture.Keys

	mu        sync.Mutex
	documents map[string]string
	requests  map[string]int
}

func newServer(t *testing.T, k fixture.Keys) *server {
	t.Helper()
	s := serve(k)
	t.Cleanup(s.Close)
	return s
}

func serve(k fixture.Keys) *server {
	s := &server{Keys: k, Clock: fixture.NewClock(fixture.Noon()), requests: map[string]int{}}
	s.Server = httptest.NewServer(s)
	metadata := func(iss string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%s/jwks"}`, iss, s.URL) }
	set := fixture.Must(k.PublicRing().Get(context.Background()))
	s.documents = map[string]string{
		"/t/demo/.well-known/openid-configuration": metadata(s.URL + "/t/demo"),
		"/.well-known/oauth-authorization-server":  metadata(s.URL),
		"/jwks":      string(set.JWKS()),
		"/elsewhere": metadata(s.URL + "/t/demo"),
		"/t/other/.well-known/openid-configuration": metadata(s.URL + "/t/other"),
	}
	return s
}

// ServeHTTP implements http.Handler. A document that begins with a slash is a redirect, a number is a status.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	document, found := s.documents[r.URL.Path]
	s.requests[r.URL.Path]++
	s.mu.Unlock()
	var status int
	switch _, err := fmt.Sscanf(document, "%d", &status); {
	case !found:
		http.NotFound(w, r)
	case strings.HasPrefix(document, "/"):
		http.Redirect(w, r, document, http.StatusFound)
	case err == nil:
		w.WriteHeader(status)
	default:
		_, _ = w.Write([]byte(document))
	}
}

// publish replaces a document; "" removes it.
func (s *server) publish(path, document string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.documents[path] = document; document == "" {
		delete(s.documents, path)
	}
}

func (s *server) asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// verifier is that of the API: of tenant demo, for notes.
func (s *server) verifier(t *testing.T, change func(*verify.Config)) *verify.Verifier {
	t.Helper()
	c := verify.Config{Issuer: s.URL, Tenants: []string{"demo"}, Audience: notes, Now: s.Now}
	if change != nil {
		change(&c)
	}
	v, err := verify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// access is a token for the API that was signed now, changed.
func (s *server) access(change func(*token.Access)) token.Access {
	at := s.Now().Unix()
	a := token.Access{
		Issuer: issuer.Service(s.URL).Of("demo"), User: "alice", Audience: token.Audience{"web", notes}, Application: "web", Tenant: "demo",
		Session: sid, ID: jti, IssuedAt: at, NotBefore: at, Expires: at + 900, Scope: "read write",
	}
	if change != nil {
		change(&a)
	}
	return a
}

// sign is access, as the service signs it.
func (s *server) sign(change func(*token.Access)) string {
	return fixture.Must(s.access(change).Sign(s.SigningKey())).Reveal()
}

// forge signs any header and payload with any key.
func forge(t *testing.T, header map[string]any, payload any, alg string, key any) string {
	t.Helper()
	encode := func(v any) string { return base64.RawURLEncoding.EncodeToString(fixture.Must(json.Marshal(v))) }
	signed := encode(header) + "." + encode(payload)
	signature, err := jwt.GetSigningMethod(alg).Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func foreignKey() *ecdsa.PrivateKey {
	return fixture.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
