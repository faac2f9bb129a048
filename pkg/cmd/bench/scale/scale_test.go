package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// Laws 4 and 5: what an operation costs does not depend on how many sessions there are.
func TestRequestsDoNotGrowWithTheNumberOfSessions(t *testing.T) {
	want := [...]string{
		"GetItem:1 UpdateItem:1", "BatchGetItem:1 Query:1", "UpdateItem:1", "BatchGetItem:1 BatchWriteItem:1 Query:1",
	}
	template, err := stack.Read("../../../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := dynamotest.Start(t)
	for _, sessions := range []int{100, 1_000, 10_000} {
		p, err := inTable(t.Context(), endpoint, template, sessions)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			got, err := p.round(t.Context())
			if err != nil {
				t.Fatalf("%d sessions: %v", sessions, err)
			}
			for n, operation := range operations {
				if got[n].requests != want[n] {
					t.Errorf("%d sessions: %s sent %s, want %s", sessions, operation, got[n].requests, want[n])
				}
			}
		}
	}
}

// What "make scale" runs, with few enough sessions for every run of the tests.
func TestTheTableNamesEveryOperation(t *testing.T) {
	const root = "../../../.."
	directory := t.TempDir()
	at := laptop{program: filepath.Join(directory, "local"), root: root, directory: directory}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", at.program, "./pkg/cmd/local")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var out strings.Builder
	err := comparison{"local service", []int{100, 200}, 2, func(sessions int) (*place, error) {
		return at.with(t.Context(), sessions)
	}}.run(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range operations {
		if !strings.Contains(out.String(), "\n"+operation+" ") {
			t.Errorf("%s is missing:\n%s", operation, out.String())
		}
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 1 {
		t.Errorf("it leaves %v; %v", left, err)
	}
}

func TestAWrongAnswerIsAnError(t *testing.T) {
	refresh := func(r remote) error { _, err := r.refresh(t.Context(), "old"); return err }
	list := func(r remote) error { _, err := r.list(t.Context(), "alice"); return err }
	byUser := func(r remote) error { _, err := r.deleteByUser(t.Context(), "alice"); return err }
	byApplication := func(r remote) error { _, err := r.deleteByApplication(t.Context(), "web"); return err }
	for name, row := range map[string]struct {
		status int
		data   string
		do     func(remote) error
		good   bool
	}{
		"a refresh":                      {200, `{"refreshToken":"new"}`, refresh, true},
		"the same token":                 {200, `{"refreshToken":"old"}`, refresh, false},
		"no token":                       {200, `{}`, refresh, false},
		"a refusal":                      {400, `{"refreshToken":"new"}`, refresh, false},
		"a list":                         {200, `[{"userId":"alice"}]`, list, true},
		"a list with another user's":     {200, `[{"userId":"alice"},{"userId":"bob"}]`, list, false},
		"a list with more to come":       {200, `[{"userId":"alice"}],"nextCursor":"x"`, list, false},
		"no list":                        {200, `{}`, list, false},
		"a deletion":                     {200, `{"deleted":1,"ids":["x"]}`, byUser, true},
		"a deletion that does not count": {200, `{"deleted":2,"ids":["x"]}`, byUser, false},
		"an epoch":                       {200, `{"applicationId":"web","epoch":1}`, byApplication, true},
		"another application's":          {200, `{"applicationId":"service","epoch":1}`, byApplication, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, `{"data":`+row.data+`}`)
		}))
		if err := row.do(remote{base: server.URL, http: server.Client()}); (err == nil) != row.good {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}
