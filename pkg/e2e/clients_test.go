package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Clients of other projects. Those of other languages are under clients/.

// oauthClient is a client of the service as golang.org/x/oauth2 makes it.
func oauthClient(clientID string, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{ClientID: clientID, Endpoint: oauth2.Endpoint{TokenURL: home.base + tokenPath, AuthStyle: style}}
}

func TestGoOAuth2ClientRefreshesWheneverItsTokenHasExpired(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]oauth2.AuthStyle{"detected": oauth2.AuthStyleAutoDetect, "in params": oauth2.AuthStyleInParams, "in header": oauth2.AuthStyleInHeader} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := issueScoped(t, "read write")
			config := oauthClient(home.demo.web, style)
			token := &oauth2.Token{AccessToken: x.access, RefreshToken: x.refresh, Expiry: time.Now().Add(-time.Minute)}
			for range 3 {
				before := token.RefreshToken
				var err error
				if token, err = config.TokenSource(t.Context(), token).Token(); err != nil {
					t.Fatal(err)
				}
				home.keep(token.AccessToken, token.RefreshToken)
				if !token.Valid() || token.RefreshToken == before || token.Type() != "Bearer" || token.Extra("scope") != "read write" {
					t.Fatalf("got valid %v, type %s, scope %v, want a new Bearer token with read write", token.Valid(), token.Type(), token.Extra("scope"))
				}
				token.Expiry = time.Now().Add(-time.Minute)
			}
			x.access = token.AccessToken
			home.read(t, x).want(t, 200)
		})
	}
}

func TestGoOAuth2ClientUnderstandsARefusal(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for text, clientID := range map[string]string{"garbage": home.demo.web, x.refresh: home.serviceApp()} {
		_, err := oauthClient(clientID, oauth2.AuthStyleInParams).TokenSource(t.Context(), &oauth2.Token{RefreshToken: text}).Token()
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" || refused.ErrorDescription == "" || refused.Response.StatusCode != http.StatusBadRequest {
			t.Errorf("got %v, want invalid_grant by RFC 6749 section 5.2", err)
		}
	}
	home.wantAlive(t, x)
}

func TestGoOIDCVerifiesTheAccessTokenAgainstThePublishedKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background() // the key set outlives a test's own
	keys := oidc.NewRemoteKeySet(ctx, home.base+"/.well-known/jwks.json")
	x := home.issue(t, fresh(), home.demo.web)
	payload, err := keys.VerifySignature(ctx, x.access)
	var claims struct{ Sub, Tid, Sid string }
	if err = errors.Join(err, json.Unmarshal(payload, &claims)); err != nil {
		t.Fatal(err)
	}
	equal(t, "sub, tid and sid", claims, struct{ Sub, Tid, Sid string }{x.user, x.tenant, x.id})
	verifier := oidc.NewVerifier(home.creds["BASE_URL"]+"/t/"+home.demo.id, keys, &oidc.Config{ClientID: home.demo.web, SupportedSigningAlgs: []string{oidc.ES256}})
	if _, err := verifier.Verify(ctx, x.access); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{forge(t, x.access, map[string]any{"sub": "mallory"}), unsigned(t, x.access), x.access[:len(x.access)-4]} {
		if _, err := keys.VerifySignature(ctx, bad); err == nil {
			t.Error("a forged token: got no error, want one")
		}
	}
}

// oauth4webapi, openid-client and jose refresh, revoke, introspect and verify, over the home of this run. make
// interfaces installs them and names their folder.
func TestNodeClients(t *testing.T) {
	dir := os.Getenv("NODE_CLIENTS")
	if dir == "" {
		t.Skip("make interfaces installs the clients of node")
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "clients.test.mjs")
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for name, value := range home.creds {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("got %v, want every client to pass\n%s", err, out)
	}
}
