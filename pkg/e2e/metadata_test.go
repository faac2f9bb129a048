package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// RFC 8414, OpenID Connect Discovery 1.0 and RFC 7517: the documents that anybody may read.

const (
	metadataPath = "/.well-known/oauth-authorization-server"
	openidPath   = "/.well-known/openid-configuration"
	jwksPath     = "/.well-known/jwks.json"
)

// ofTenant are the paths of one tenant's document.
func ofTenant(tenant string) []string {
	return []string{"/t/" + tenant + openidPath, metadataPath + "/t/" + tenant, "/t/" + tenant + metadataPath}
}

// describes checks a document.
func describes(t *testing.T, path, issuer string) {
	t.Helper()
	a := home.do(t, call{"GET", path, with(nil, "Origin", "http://localhost:5173"), ""}).want(t, 200)
	wantCORS(t, a, "http://localhost:5173")
	if strings.Contains(a.header.Get("Cache-Control"), "no-store") || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("%s: got %q, want JSON that may be cached", path, a.header)
	}
	base := home.creds["BASE_URL"]
	for name, value := range map[string]string{
		"issuer": issuer, "token_endpoint": base + tokenPath, "revocation_endpoint": base + revokePath,
		"introspection_endpoint": base + introspectPath, "jwks_uri": base + jwksPath,
	} {
		equal(t, path+": "+name, a.text(name), value)
	}
	for name, values := range map[string][]any{
		"grant_types_supported": {"refresh_token"}, "response_types_supported": {}, "scopes_supported": {}, "subject_types_supported": {"public"},
		"refresh_token_expiration_types_supported": {"authorization", "token_timeout"},
		"id_token_signing_alg_values_supported":    {"ES256", "EdDSA", "RS256"},
	} {
		equal(t, path+": "+name, a.body[name], any(values))
	}
}

func TestMetadataDescribesTheServer(t *testing.T) {
	t.Parallel()
	for _, path := range []string{metadataPath, metadataPath + "/"} {
		describes(t, path, home.creds["BASE_URL"])
	}
	home.do(t, call{"GET", openidPath, nil, ""}).want(t, 404)
}

// Law 6: every tenant is an issuer. Which tenants exist is not told.
func TestEveryTenantHasItsMetadata(t *testing.T) {
	t.Parallel()
	base := home.creds["BASE_URL"]
	for _, tenant := range []string{home.demo.id, home.other.id, "never-heard-of", "AZaz09-._~", strings.Repeat("x", 64)} {
		for _, path := range ofTenant(tenant) {
			describes(t, path, base+"/t/"+tenant)
			describes(t, path+"/", base+"/t/"+tenant)
		}
	}
	for _, path := range ofTenant("d%65mo") {
		describes(t, path, base+"/t/demo")
	}
	for _, tenant := range []string{strings.Repeat("x", 65), "a%20b", "a%2Fb", "%2E%2E", "%2e", "d%C3%A9mo", "a%00", "a%25", "a:b", "a+b", "%ff"} {
		for _, path := range ofTenant(tenant) {
			home.do(t, call{"GET", path, nil, ""}).check(t, 404)
			home.do(t, call{"HEAD", path, nil, ""}).want(t, 404)
		}
	}
	equal(t, "iss", parseJWT(t, home.issue(t, fresh(), home.demo.web).access).claims["iss"], any(base+"/t/"+home.demo.id))
}

// RFC 9110 section 9.3.2.
func TestPublicDocumentsAnswerHEADAsTheyAnswerGETWithoutABody(t *testing.T) {
	t.Parallel()
	for _, path := range append(ofTenant(home.demo.id), metadataPath, jwksPath) {
		header := with(nil, "Origin", "http://localhost:5173")
		get, head := home.do(t, call{"GET", path, header, ""}).want(t, 200), home.do(t, call{"HEAD", path, header, ""}).want(t, 200)
		if head.raw != "" {
			t.Errorf("HEAD %s: got the body %q, want none", path, head.raw)
		}
		for _, name := range []string{"Content-Type", "Cache-Control", "Vary", "X-Content-Type-Options", "Access-Control-Allow-Origin"} {
			equal(t, path+": "+name, head.header.Get(name), get.header.Get(name))
		}
		if length := head.header.Get("Content-Length"); length != "" {
			t.Errorf("HEAD %s: got Content-Length %s, want none: that of the document is not known", path, length)
		}
		wantPreflight(t, "GET", path)
		_, methods, _ := strings.Cut(home.do(t, call{"PUT", path, http.Header{}, ""}).want(t, 404).text("message"), "This path takes: ")
		equal(t, "methods of "+path, methods, "GET.")
	}
}
