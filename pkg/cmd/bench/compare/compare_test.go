package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
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
		if got := verdict(row.answered, row.same, row.lives); got != row.want {
			t.Errorf("%+v is %q", row, got)
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
			t.Errorf("%v is %q, want %q", races, got, want)
		}
	}
}

func TestTheRatioIsOfTurnsInTheSameRound(t *testing.T) {
	floor := &subject{name: "floor", rounds: []round{{cpu: 1}, {cpu: 4}, {cpu: 2}}}
	ours := &subject{name: "this service", rounds: []round{{cpu: 1.5}, {cpu: 8}, {cpu: 5}}}
	if got := ratio(ours, floor); got != 2 {
		t.Errorf("the median of 1.5, 2 and 2.5 is 2, not %v", got)
	}
	if got := judge(ours, floor, 8); !strings.HasSuffix(got, "takes 2.00 times the floor's (at most 2): pass\n") {
		t.Error(got)
	}
	ours.rounds[1].cpu = 8.1
	if got := judge(ours, floor, 8); !strings.HasSuffix(got, "MISS\n") {
		t.Error(got)
	}
}

func TestTheTableIsMarkdownWithTheMedians(t *testing.T) {
	all := []*subject{
		{name: "floor", store: "bbolt", rounds: []round{{rate: 10, cpu: 1, p50: 1, p99: 2}}},
		{name: "other", store: "memory", rounds: []round{{rate: 10, cpu: 1}, {rate: 30, cpu: 3}, {rate: 20, cpu: 2, p99: 9}}},
	}
	lines := strings.Split(strings.TrimSpace(table(all, []behaviour{{"-", "-"}, {"1 win", "family dies"}})), "\n")
	if len(lines) != 4 {
		t.Fatalf("%q", lines)
	}
	for _, line := range lines {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") {
			t.Errorf("%q has not the columns of the head", line)
		}
	}
	if want := "| other | memory | 2.000 | 20 | 0.00 | 0.00 | 1 win | family dies |"; lines[3] != want {
		t.Errorf("%s, want %s", lines[3], want)
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
	return &subject{
		name: "test", wire: oauth("/token"), mint: mintAtHarness,
		server: &measure.Server{Base: server.URL}, client: server.Client(),
	}
}

func TestBehaviourIsFoundOutByDoingIt(t *testing.T) {
	got, err := subjectAt(t, &endpoint{}).try(t.Context())
	if want := (behaviour{"1 win, then the family dies", "family dies"}); err != nil || got != want {
		t.Errorf("one that ends the family at reuse: %+v, %v", got, err)
	}
	got, err = subjectAt(t, &endpoint{idempotent: true}).try(t.Context())
	if want := (behaviour{"all 20 get the same successor, which lives", "same successor"}); err != nil || got != want {
		t.Errorf("one that repeats its answer: %+v, %v", got, err)
	}
}

func TestWhoDoesNotRotateIsNotCompared(t *testing.T) {
	for name, answer := range map[string]string{
		"the same token": `{"access_token":"a.b.c","refresh_token":"old"}`,
		"no token":       `{"access_token":"a.b.c"}`,
		"no JWT":         `{"access_token":"opaque","refresh_token":"new"}`,
		"no JSON":        `hello`,
	} {
		s := subjectAt(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		if _, _, err := s.refresh(t.Context(), "old"); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestBothWiresAreRead(t *testing.T) {
	for _, row := range []struct {
		wire         wire
		body, answer string
	}{
		{oauth("/token"), "client_id=web&grant_type=refresh_token&refresh_token=old", `{"access_token":"a.b.c","refresh_token":"new"}`},
		{canonical(), `{"refreshToken":"old"}`, `{"success":true,"data":{"accessToken":"a.b.c","refreshToken":"new"}}`},
	} {
		asked := ""
		s := subjectAt(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, _ := io.ReadAll(r.Body)
			asked = r.URL.Path + " " + string(raw)
			_, _ = io.WriteString(w, row.answer)
		}))
		s.wire = row.wire
		next, status, err := s.refresh(t.Context(), "old")
		if next != "new" || status != http.StatusOK || err != nil || asked != row.wire.path+" "+row.body {
			t.Errorf("asked %q, got %q, %d, %v", asked, next, status, err)
		}
	}
}

func TestAPlanOutOfBoundsIsRefused(t *testing.T) {
	for _, p := range []plan{
		{rounds: 0, turn: time.Second, chains: 1},
		{rounds: 1, turn: 0, chains: 1},
		{rounds: 1, turn: time.Second},
		{rounds: 100, turn: time.Hour, chains: 1},
	} {
		p.dir = t.TempDir()
		if err := p.run(t.Context()); err == nil {
			t.Errorf("%+v ran", p)
		}
	}
}

// What the table names is what the harnesses are built with, and nothing of it is required by this module.
func TestTheLibrariesArePinned(t *testing.T) {
	read := func(path string) string {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if !strings.Contains(read("testdata/fosite/fosite.mod"), "github.com/ory/fosite v"+fositeVersion+"\n") {
		t.Errorf("fosite.mod does not require fosite %s", fositeVersion)
	}
	for _, file := range []string{"../../../../go.mod", "../../../../go.sum"} {
		if strings.Contains(read(file), "ory/fosite") {
			t.Errorf("%s knows fosite", file)
		}
	}
	if !strings.Contains(read("testdata/oidc-provider/package.json"), `"oidc-provider": "`+oidcProviderVersion+`"`) {
		t.Errorf("package.json does not ask for oidc-provider %s", oidcProviderVersion)
	}
	var lock struct {
		Packages map[string]struct{ Version, Integrity string }
	}
	if err := json.Unmarshal([]byte(read("testdata/oidc-provider/package-lock.json")), &lock); err != nil {
		t.Fatal(err)
	}
	if got := lock.Packages["node_modules/oidc-provider"].Version; got != oidcProviderVersion {
		t.Errorf("package-lock.json has oidc-provider %s", got)
	}
	sha512 := regexp.MustCompile(`^sha512-[A-Za-z0-9+/]{86}==$`)
	for name, p := range lock.Packages {
		if name != "" && !sha512.MatchString(p.Integrity) {
			t.Errorf("%s %s is not pinned by its hash", name, p.Version)
		}
	}
}
