package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// start runs a service of the test's own.
func start(t testing.TB, dir string, env ...string) *service {
	t.Helper()
	s, err := startService(dir, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	return s
}

// samePort starts a service again where another one was: the issuer is BASE_URL, so tokens live on there only.
func samePort(s *service) string { return "PORT=" + strconv.Itoa(s.port) }

func TestCredentialsAreShellAssignmentsForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(home.dir, "credentials.env")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v, %v, want 0600", info.Mode(), err)
	}
	names := strings.Fields(`BASE_URL TENANT_ID APPLICATION_ID SERVICE_APPLICATION_ID SHORT_APPLICATION_ID API_KEY ISSUE_API_KEY READ_API_KEY
		STRICT_APPLICATION_ID AUDIENCE_APPLICATION_ID UPDATE_API_KEY INTROSPECT_API_KEY REVOKE_API_KEY REVOKE_ALL_API_KEY OTHER_TENANT_ID OTHER_APPLICATION_ID OTHER_API_KEY`)
	script := `set -eu; . "$0"; for name in ` + strings.Join(names, " ") + `; do eval "printf '%s\n' \"\$$name\""; done`
	out, err := exec.Command("sh", "-c", script, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, value := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if i >= len(names) || value == "" || value != home.creds[names[i]] {
			t.Errorf("assignment %d in a shell: got %q, want what a plain reading gives", i, value)
		}
	}
	want := map[string]string{
		"BASE_URL": home.base, "TENANT_ID": "demo", "APPLICATION_ID": "web", "SERVICE_APPLICATION_ID": "service",
		"SHORT_APPLICATION_ID": "short", "STRICT_APPLICATION_ID": "strict", "AUDIENCE_APPLICATION_ID": "api", "OTHER_TENANT_ID": "other", "OTHER_APPLICATION_ID": "web",
	}
	for name, value := range want {
		equal(t, name, home.creds[name], value)
	}
}

func TestARestartKeepsDataAndKeys(t *testing.T) {
	t.Parallel()
	long(t)
	dir := filepath.Join(t.TempDir(), "local")
	s := start(t, dir)
	kept, deleted := s.issue(t, "kept", s.demo.web), s.issue(t, "deleted", s.demo.web)
	rotated := s.rotate(t, s.issue(t, "rotated", s.demo.web))
	s.do(t, call{"DELETE", "/jwt/refresh/" + deleted.id, s.demo.admin(), ""}).want(t, 200)
	published := s.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).raw
	for range 2 {
		if err := errors.Join(s.stop(), s.leaks()); err != nil {
			t.Fatal(err)
		}
		again := start(t, dir, samePort(s))
		equal(t, "credentials", again.creds, s.creds)
		s = again
		equal(t, "keys", s.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).raw, published)
		s.wantAlive(t, kept)
		s.read(t, kept).want(t, 200)
		s.read(t, rotated).want(t, 200)
		s.wantDead(t, deleted)
	}
	s.rotate(t, kept)
	s.rotate(t, rotated)
	if err := errors.Join(s.stop(), s.leaks()); err != nil {
		t.Fatal(err)
	}
}

// ledger is what one client knows: nothing but what was answered.
type ledger struct{ live, dead []session }

// work issues, refreshes and deletes until the service is gone, and counts the deletes that were answered.
func work(s *service, user string, deleted *atomic.Int64) (l ledger) {
	ask := func(c call, status int) (answer, bool) {
		a, err := s.send(c)
		return a, err == nil && a.status == status
	}
	for n := 0; ; n++ {
		body := jsonOf(map[string]string{"userId": fmt.Sprint(user, n), "applicationId": s.demo.web})
		a, ok := ask(call{"POST", "/jwt/issue", s.demo.admin(), body}, http.StatusCreated)
		if !ok {
			return l
		}
		x := session{tenant: s.demo.id, id: a.data("refreshTokenId"), refresh: a.data("refreshToken")}
		if n%2 == 0 {
			if a, ok = ask(call{"POST", "/jwt/refresh", nil, x.body()}, http.StatusOK); ok {
				x.refresh = a.data("refreshToken")
			}
		}
		if ok && n%3 == 0 {
			if _, ok = ask(call{"DELETE", "/jwt/refresh/" + x.id, s.demo.admin(), ""}, http.StatusOK); !ok {
				return l // nobody knows whether it was deleted
			}
			l.dead = append(l.dead, x)
			deleted.Add(1)
			continue
		}
		// A refresh that was not answered may have happened; then this token is the one to retry with.
		if l.live = append(l.live, x); !ok {
			return l
		}
	}
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	embeddedOnly(t)
	long(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "local")
	s := start(t, dir)
	for round := range 2 {
		ledgers := make([]ledger, 8)
		var deleted atomic.Int64
		var workers sync.WaitGroup
		for i := range ledgers {
			workers.Go(func() { ledgers[i] = work(s, fmt.Sprintf("user-%d-%d-", round, i), &deleted) })
		}
		for deleted.Load() < 80 && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		s.kill()
		workers.Wait()
		s = start(t, dir, samePort(s))
		for _, l := range ledgers {
			for _, x := range l.live {
				s.present(t, x.refresh).check(t, 200)
			}
			for _, x := range l.dead {
				s.present(t, x.refresh).check(t, 400)
				s.resource(t, x).check(t, 404)
			}
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedFileIsOneClearLine(t *testing.T) {
	embeddedOnly(t)
	long(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "local")
	s := start(t, dir)
	s.issue(t, "user", s.demo.web)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	var damaged int
	err := filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "credentials.env" || entry.Name() == "events.jsonl" {
			return err // it writes the one anew, and only adds to the other
		}
		whole, err := os.ReadFile(file)
		if err != nil || len(whole) == 0 {
			return err
		}
		damaged++
		if err := os.WriteFile(file, bytes.Repeat([]byte("garbage\n"), len(whole)/8+1), 0o600); err != nil {
			return err
		}
		refusesToStart(t, entry.Name(), samePort(s), "LOCAL_DIR="+dir)
		return os.WriteFile(file, whole, 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatalf("got %d files, %v, want some", damaged, err)
	}
	if err := start(t, dir, samePort(s)).stop(); err != nil {
		t.Errorf("once the files are mended: got %v, want a start", err)
	}
}

// The request is in flight once the service asks for its body, and the interrupt has arrived once the service says so.
func TestAnInterruptFinishesTheRequestsInFlight(t *testing.T) {
	t.Parallel()
	long(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		s := start(t, filepath.Join(t.TempDir(), "local"))
		body := s.issue(t, "user", s.demo.web).body()
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "POST /jwt/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n", len(body))
		response := bufio.NewReader(conn)
		line, err1 := response.ReadString('\n')
		if err = errors.Join(err, err1); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("got %q, %v, want 100 Continue", line, err)
		}
		if err := s.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(s.log.String(), "Stopping") {
			time.Sleep(time.Millisecond)
		}
		_, err = io.WriteString(conn, body)
		_, err1 = response.ReadString('\n') // the end of the interim response
		res, err2 := http.ReadResponse(response, nil)
		if err = errors.Join(err, err1, err2); err != nil {
			t.Fatalf("%v: the request in flight: %v", signal, err)
		}
		answer, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close(), conn.Close(), s.ended()); err != nil || res.StatusCode != http.StatusOK || !json.Valid(answer) {
			t.Errorf("%v: got %d %s, %v, want 200 with JSON", signal, res.StatusCode, answer, err)
		}
	}
}
