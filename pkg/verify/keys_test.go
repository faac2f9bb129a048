package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

func TestTheKeysAreDiscoveredOnceForManyTokens(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v := s.verifier(t, nil)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a, b := s.asked("/t/demo/.well-known/openid-configuration"), s.asked("/jwks"); a != 1 || b != 1 {
		t.Errorf("got %d and %d requests, want one for each document", a, b)
	}
	if _, err := s.verifier(t, func(c *verify.Config) { c.Tenants, c.AnyTenant = nil, true }).Verify(t.Context(), s.sign(nil)); err != nil {
		t.Errorf("any tenant: got %v, want none", err)
	}
	if s.asked("/.well-known/oauth-authorization-server") != 1 {
		t.Error("any tenant: want the metadata of the service itself")
	}
}

// Law 8: a key is published before it signs, so an unknown kid is a new one or an invented one.
func TestANewKeyIsFetchedAndInventedOnesCauseFewFetches(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v := s.verifier(t, nil)
	if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil {
		t.Fatal(err)
	}
	rotated := fixture.NewKeys("ES256")
	set := fixture.Must(rotated.PublicRing().Get(t.Context()))
	s.publish("/jwks", string(set.JWKS()))
	s.Pass(seconds(6))
	for range 100 { // an attacker needs no key of the service
		text := forge(t, map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": "invented"}, s.access(nil), "ES256", foreignKey())
		if _, err := v.Verify(t.Context(), text); !errors.Is(err, verify.ErrInvalid) {
			t.Fatalf("an invented kid: got %v, want ErrInvalid", err)
		}
	}
	if got := s.asked("/jwks"); got != 2 {
		t.Errorf("100 invented kids: got %d fetches, want one more", got-1)
	}
	s.Keys = rotated
	if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil {
		t.Errorf("the new key: got %v, want none", err)
	}
}

// An attacker may hang up at once: the fetch goes on, and counts.
func TestClientsThatHangUpCauseFewFetches(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v := s.verifier(t, nil)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	invented := forge(t, map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": "invented"}, s.access(nil), "ES256", foreignKey())
	request := fixture.Must(http.NewRequestWithContext(gone, http.MethodGet, "/", nil))
	request.Header.Set("Authorization", "Bearer "+invented)
	for range 100 {
		if _, err := v.Request(request); !errors.Is(err, verify.ErrInvalid) {
			t.Fatalf("got %v, want ErrInvalid", err)
		}
	}
	if got := s.asked("/jwks"); got != 1 {
		t.Errorf("got %d fetches for 100 requests, want 1", got)
	}
	s.publish("/jwks", "503")
	s.Pass(keys.CacheFor)
	before := s.asked("/jwks")
	for range 100 {
		if _, err := v.Request(request); !errors.Is(err, verify.ErrUnavailable) {
			t.Fatalf("while the service is down: got %v, want ErrUnavailable", err)
		}
	}
	if got := s.asked("/jwks") - before; got != 1 {
		t.Errorf("while the service is down: got %d fetches for 100 requests, want 1", got)
	}
}

func TestADroppedKeyIsRefusedAfterFiveMinutes(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v, stolen := s.verifier(t, nil), s.sign(func(a *token.Access) { a.Expires += 3600 })
	if _, err := v.Verify(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	set := fixture.Must(fixture.NewKeys("ES256").PublicRing().Get(t.Context()))
	s.publish("/jwks", string(set.JWKS()))
	s.Pass(keys.CacheFor)
	if _, err := v.Verify(t.Context(), stolen); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestWithoutKeysNothingIsVerifiedAndWithOldOnesTheOwnerIsTold(t *testing.T) {
	const metadata = "/t/demo/.well-known/openid-configuration"
	s := newServer(t, keysOf["ES256"]())
	good, jwks := s.documents[metadata], s.documents["/jwks"]
	document := func(iss, uri string) string { return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, iss, uri) }
	own := s.URL + "/t/demo"
	for name, c := range map[string]struct{ path, document string }{
		"no metadata":              {metadata, ""},
		"an error":                 {metadata, "503"},
		"no JSON":                  {metadata, "<html>"},
		"another tenant's":         {metadata, document(s.URL+"/t/other", s.URL+"/jwks")},
		"the service's":            {metadata, document(s.URL, s.URL+"/jwks")},
		"another issuer's":         {metadata, document("https://evil.example/t/demo", s.URL+"/jwks")},
		"no jwks_uri":              {metadata, document(own, "")},
		"a jwks_uri without TLS":   {metadata, document(own, "http://evil.example/jwks")},
		"a jwks_uri of a file":     {metadata, document(own, "file:///etc/passwd")},
		"a jwks_uri with userinfo": {metadata, document(own, "https://localhost@evil.example/jwks")},
		"a redirect":               {metadata, "/elsewhere"},
		"oversized metadata":       {metadata, strings.TrimSuffix(good, "}") + `,"x":"` + strings.Repeat("x", 256<<10) + `"}`},
		"no key set":               {"/jwks", ""},
		"an empty key set":         {"/jwks", `{"keys":[]}`},
		"a key set of no key":      {"/jwks", `{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"AA","y":"AA"}]}`},
		"an oversized key set":     {"/jwks", strings.Replace(jwks, "[", strings.Repeat(" ", 256<<10)+"[", 1)},
		"a redirected key set":     {"/jwks", "/elsewhere"},
	} {
		var stale error
		v := s.verifier(t, func(c *verify.Config) { c.OnStale = func(err error) { stale = err } })
		s.publish(c.path, c.document)
		if claims, err := v.Verify(t.Context(), s.sign(nil)); !errors.Is(err, verify.ErrUnavailable) || errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %+v, %v, want ErrUnavailable", name, claims, err)
		}
		s.publish(metadata, good)
		s.publish("/jwks", jwks)
		if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil {
			t.Errorf("%s: got %v once the keys are there, want none", name, err)
		}
		s.publish(c.path, c.document)
		s.Pass(keys.CacheFor)
		if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil || stale == nil {
			t.Errorf("%s: got %v five minutes later, and told %v; want the old keys, and the owner told", name, err, stale)
		}
		s.publish(metadata, good)
		s.publish("/jwks", jwks)
	}
}

// A key that this package does not understand may stand beside the others (RFC 7517 section 5).
func TestOtherKeysInTheSetAreLeftOut(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	more := `[{"kty":"OKP","crv":"X25519","kid":"x","x":"AA","use":"enc"},{"kty":"oct","kid":"","k":"AA"},`
	s.publish("/jwks", strings.Replace(s.documents["/jwks"], "[", more, 1))
	if _, err := s.verifier(t, nil).Verify(t.Context(), s.sign(nil)); err != nil {
		t.Errorf("got %v, want none", err)
	}
}

// transport answers requests with a document, or with a status without one, and remembers the last one.
type transport struct {
	last     *http.Request
	document string
}

func (r *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	r.last = request
	status := http.StatusTeapot
	if r.document != "" {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(r.document))}, nil
}

func TestAKeySetMayBeGivenAndAClientToo(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	v := s.verifier(t, func(c *verify.Config) { c.JWKS = []byte(s.documents["/jwks"]) })
	s.Pass(time.Hour)
	if _, err := v.Verify(t.Context(), s.sign(nil)); err != nil || len(s.requests) != 0 {
		t.Errorf("a given set: got %v and %v, want no request", err, s.requests)
	}
	r := &transport{}
	v = s.verifier(t, func(c *verify.Config) { c.Client = &http.Client{Transport: r} })
	if _, err := v.Verify(t.Context(), s.sign(nil)); !errors.Is(err, verify.ErrUnavailable) || r.last == nil || r.last.Header.Get("Authorization") != "" {
		t.Errorf("a client: got %v and %v, want its own request without a credential", err, r.last)
	}
}

// What TLS has protected names no place without it, this host included.
func TestMetadataOverTLSNamesNoKeySetWithoutIt(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	r := &transport{document: `{"issuer":"https://auth.example/t/demo","jwks_uri":"http://127.0.0.1:6379/jwks"}`}
	v := s.verifier(t, func(c *verify.Config) { c.Issuer, c.Client = "https://auth.example", &http.Client{Transport: r} })
	if _, err := v.Verify(t.Context(), s.sign(nil)); !errors.Is(err, verify.ErrUnavailable) || r.last.URL.Scheme != "https" {
		t.Errorf("got %v and a request to %s, want ErrUnavailable before it", err, r.last.URL)
	}
}
