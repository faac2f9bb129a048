package compare

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

func TestARetryIsNamedByWhatTheClientIsLeftWith(t *testing.T) {
	for _, row := range []struct {
		answered, same, lives bool
		want                  string
	}{
		{true, true, true, "same successor"},
		{true, false, true, "a second successor"},
		{false, false, true, "refused, the family lives"},
		{false, false, false, "family dies"},
		{true, false, false, "family dies"},
	} {
		if got := outcome(row.answered, row.same, row.lives); got != row.want {
			t.Errorf("%+v: got %q", row, got)
		}
	}
}

func TestRacesAreDescribedByTheirSpan(t *testing.T) {
	for want, races := range map[string][]race{
		"all 20 get the same successor, which lives": {{20, 1, 1}, {20, 1, 1}},
		"1-3 win, then the family dies":              {{1, 1, 0}, {3, 2, 0}},
		"1 win, the successor lives":                 {{1, 1, 1}},
		"20 win, 19-20 successors, 2 of them live":   {{20, 20, 2}, {20, 19, 2}},
	} {
		if got := describe(races); got != want {
			t.Errorf("%v: got %q, want %q", races, got, want)
		}
	}
}

func TestTheRatioIsOfTurnsInTheSameRound(t *testing.T) {
	floor := &subject{rounds: []round{{cpu: 1}, {cpu: 4}, {cpu: 2}}}
	other := &subject{rounds: []round{{cpu: 1.5}, {cpu: 8}, {cpu: 5}}}
	if got := ratio(other, floor); got != 2 {
		t.Errorf("median of 1.5, 2 and 2.5: got %v, want 2", got)
	}
	for r, want := range map[float64]string{2: "pass", 2.01: "MISS"} {
		if got := verdict(r); !strings.HasSuffix(got, want) {
			t.Errorf("ratio %v: got %q, want %s", r, got, want)
		}
	}
}

// endpoint is a token endpoint of a kind that the comparison must tell apart from others.
type endpoint struct {
	mu         sync.Mutex
	current    int
	idempotent bool // else the use of an old token ends the family
	dead       bool
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	presented := r.PostFormValue("refresh_token")
	switch {
	case r.URL.Path == "/mint":
		e.current, e.dead = e.current+10, false
	case presented == token(e.current) && !e.dead:
		e.current++
	case presented == token(e.current-1) && e.idempotent:
	default:
		e.dead = true
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "a.b.c", "refresh_token": token(e.current)})
}

func token(n int) string { return fmt.Sprint("token-", n) }

func subjectAt(t *testing.T, h http.Handler) *subject {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &subject{wire: oauth("/token"), mint: mintAtHarness, client: measure.NewClient(server.URL, uses)}
}

func TestBehaviourIsFoundOutByDoingIt(t *testing.T) {
	for want, idempotent := range map[[2]string]bool{
		{"1 win, then the family dies", "family dies"}:                   false,
		{"all 20 get the same successor, which lives", "same successor"}: true,
	} {
		s := subjectAt(t, &endpoint{idempotent: idempotent})
		err := s.try(t.Context())
		if got := [2]string{s.concurrent, s.retry}; got != want || err != nil {
			t.Errorf("idempotent %v: got %q, %v, want %q", idempotent, got, err, want)
		}
	}
}

func TestAServerThatDoesNotRotateIsNotCompared(t *testing.T) {
	for name, answer := range map[string]string{
		"the same token": `{"access_token":"a.b.c","refresh_token":"old"}`,
		"no token":       `{"access_token":"a.b.c"}`,
		"not a JWT":      `{"access_token":"opaque","refresh_token":"new"}`,
		"not JSON":       `hello`,
	} {
		s := subjectAt(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		if next, _, err := s.refresh(t.Context(), "old"); err == nil {
			t.Errorf("%s: got %q, want an error", name, next)
		}
	}
}

// The versions in the table are those that the harnesses are built with, and this module requires none of them.
func TestTheLibrariesArePinned(t *testing.T) {
	read := func(path string) string {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if want := "github.com/ory/fosite v" + fositeVersion + "\n"; !strings.Contains(read("testdata/fosite/fosite.mod"), want) {
		t.Errorf("fosite.mod: want %s", want)
	}
	for _, file := range []string{"../../../../go.mod", "../../../../go.sum"} {
		if strings.Contains(read(file), "ory/fosite") {
			t.Errorf("%s contains ory/fosite", file)
		}
	}
	var lock struct {
		Packages map[string]struct{ Version, Integrity string }
	}
	if err := json.Unmarshal([]byte(read("testdata/oidc-provider/package-lock.json")), &lock); err != nil {
		t.Fatal(err)
	}
	if got := lock.Packages["node_modules/oidc-provider"].Version; got != oidcProviderVersion {
		t.Errorf("package-lock.json: got oidc-provider %s, want %s", got, oidcProviderVersion)
	}
	for name, p := range lock.Packages {
		if name != "" && !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s %s: got integrity %q, want a SHA-512", name, p.Version, p.Integrity)
		}
	}
}
