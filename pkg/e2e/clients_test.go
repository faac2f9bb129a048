package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Clients that nobody here wrote. Those of other languages are under clients/.

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
				home.keep(token.AccessToken)
				home.keep(token.RefreshToken)
				if !token.Valid() || token.RefreshToken == before || token.Type() != "Bearer" || token.Extra("scope") != "read write" {
					t.Fatalf("valid %v, type %s, scope %v", token.Valid(), token.Type(), token.Extra("scope"))
				}
				token.Expiry = time.Now().Add(-time.Minute)
			}
			x.access = token.AccessToken
			home.read(t, x).want(t, 200)
		})
	}
}

func TestGoOAuth2ClientReadsOurErrors(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.demo.web)
	for text, clientID := range map[string]string{"garbage": home.demo.web, x.refresh: home.serviceApp()} {
		_, err := oauthClient(clientID, oauth2.AuthStyleInParams).TokenSource(t.Context(), &oauth2.Token{RefreshToken: text}).Token()
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" || refused.ErrorDescription == "" || refused.Response.StatusCode != http.StatusBadRequest {
			t.Errorf("want invalid_grant, as RFC 6749 section 5.2 has it; got %v", err)
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
	if claims.Sub != x.user || claims.Tid != x.tenant || claims.Sid != x.id {
		t.Errorf("claims %+v", claims)
	}
	verifier := oidc.NewVerifier(home.creds["BASE_URL"], keys, &oidc.Config{ClientID: home.demo.web, SupportedSigningAlgs: []string{oidc.ES256}})
	if _, err := verifier.Verify(ctx, x.access); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{forge(t, x.access, map[string]any{"sub": "mallory"}), unsigned(t, x.access), x.access[:len(x.access)-4]} {
		if _, err := keys.VerifySignature(ctx, bad); err == nil {
			t.Error("it verifies what nobody signed")
		}
	}
}
