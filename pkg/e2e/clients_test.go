package e2e

import (
	"context"
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

// Law 6: a verifier that checks issuer and audience never takes one tenant's token for another's, though both have an
// application and a user of the same ids.
func TestGoOIDCDiscoversTheTenantsIssuerAndVerifies(t *testing.T) {
	t.Parallel()
	ctx := context.Background() // the key set outlives a test's own
	x := home.issue(t, fresh(), home.demo.web)
	other := home.issueIn(t, home.other, x.user)
	bad := map[string]string{
		"forged": forge(t, x.access, map[string]any{"sub": "mallory"}), "unsigned": unsigned(t, x.access),
		"truncated": x.access[:len(x.access)-4],
	}
	for tenant, tokens := range map[string][2]string{home.demo.id: {x.access, other.access}, home.other.id: {other.access, x.access}} {
		provider, err := oidc.NewProvider(ctx, home.creds["BASE_URL"]+"/t/"+tenant)
		if err != nil {
			t.Fatal(err)
		}
		verifier := provider.Verifier(&oidc.Config{ClientID: home.demo.web})
		verified, err := verifier.Verify(ctx, tokens[0])
		var claims struct{ Sub, Tid string }
		if err = errors.Join(err, verified.Claims(&claims)); err != nil {
			t.Fatal(err)
		}
		equal(t, "sub and tid", claims, struct{ Sub, Tid string }{x.user, tenant})
		bad["another tenant's"] = tokens[1]
		for name, text := range bad {
			if _, err := verifier.Verify(ctx, text); err == nil {
				t.Errorf("tenant %s, a token that is %s: got no error, want one", tenant, name)
			}
		}
	}
	if _, err := oidc.NewProvider(ctx, home.creds["BASE_URL"]); err == nil {
		t.Error("discovery without a tenant: got no error, want one: no token names that issuer")
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
