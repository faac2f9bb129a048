package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/openapi"
)

func serve(t *testing.T, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := openapi.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, target, nil))
	return answer
}

func TestEverythingButTheDocumentAndItsPageGoesToTheGateway(t *testing.T) {
	t.Parallel()
	for target, contentType := range map[string]string{"/openapi.json": "application/json", "/docs": "text/html; charset=utf-8"} {
		a := serve(t, http.MethodGet, target)
		if a.Code != http.StatusOK || a.Header().Get("Content-Type") != contentType || a.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d %v, want 200 and %s", target, a.Code, a.Header(), contentType)
		}
		head := serve(t, http.MethodHead, target)
		if length := strconv.Itoa(a.Body.Len()); head.Code != http.StatusOK || head.Header().Get("Content-Length") != length {
			t.Errorf("HEAD %s: got %d %v, want 200 and a length of %s", target, head.Code, head.Header(), length)
		}
	}
	for _, request := range [][2]string{
		{"POST", "/docs"},
		{"HEAD", "/docs/"},
		{"OPTIONS", "/openapi.json"},
		{"GET", "/docs/"},
		{"GET", "/docs?x=1"},
		{"GET", "/Docs"},
		{"GET", "//docs"},
		{"GET", "/%64ocs"},
		{"GET", "/"},
		{"GET", "/jwt/refresh"},
		{"GET", "/openapi.yaml"},
	} {
		if a := serve(t, request[0], request[1]); a.Code != http.StatusTeapot {
			t.Errorf("%s %s: got %d, want the gateway's %d", request[0], request[1], a.Code, http.StatusTeapot)
		}
	}
}

func TestThePageAllowsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	a := serve(t, http.MethodGet, "/docs")
	policy := a.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("got policy %q, want %s in it", policy, want)
		}
	}
	if bad := regexp.MustCompile(`unsafe|\*|https?:`).FindString(policy); bad != "" {
		t.Errorf("got policy %q, want it without %q", policy, bad)
	}
	if bad := regexp.MustCompile(`https?://|\ssrc=|@import|innerHTML|\beval\b|\{\{`).FindString(a.Body.String()); bad != "" {
		t.Errorf("got %q in the page, want none of it", bad)
	}
}

// The page is one file that loads nothing: it stays small enough for that.
func TestThePageStaysSmall(t *testing.T) {
	t.Parallel()
	if size := serve(t, http.MethodGet, "/docs").Body.Len(); size > 56_000 {
		t.Errorf("got %d bytes, want at most 56000", size)
	}
}
