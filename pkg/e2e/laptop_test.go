package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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
		t.Errorf("mode 0600; got %v, %v", info.Mode(), err)
	}
	names := strings.Fields(`BASE_URL TENANT_ID APPLICATION_ID SERVICE_APPLICATION_ID SHORT_APPLICATION_ID API_KEY ISSUE_API_KEY READ_API_KEY
		REVOKE_API_KEY OTHER_TENANT_ID OTHER_APPLICATION_ID OTHER_API_KEY`)
	script := `set -eu; . "$0"; for name in ` + strings.Join(names, " ") + `; do eval "printf '%s\n' \"\$$name\""; done`
	out, err := exec.Command("sh", "-c", script, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, value := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if i >= len(names) || value == "" || value != home.creds[names[i]] {
			t.Errorf("assignment %d differs between a shell and a plain reading", i)
		}
	}
	want := map[string]string{
		"BASE_URL": home.base, "TENANT_ID": "demo", "APPLICATION_ID": "web", "SERVICE_APPLICATION_ID": "service",
		"SHORT_APPLICATION_ID": "short", "OTHER_TENANT_ID": "other", "OTHER_APPLICATION_ID": "web",
	}
	for name, value := range want {
		if home.creds[name] != value {
			t.Errorf("%s is %q, want %q", name, home.creds[name], value)
		}
	}
}

func TestItPrintsAReadyLineAndAFirstCurl(t *testing.T) {
	t.Parallel()
	if said := home.log.String(); !strings.Contains(said, home.base) || !strings.Contains(said, "curl ") {
		t.Errorf("It also prints a ready line and a first `curl` to paste; it said %.600s", said)
	}
}

func TestARestartKeepsDataAndKeys(t *testing.T) {
	t.Parallel()
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
		if fmt.Sprint(again.creds) != fmt.Sprint(s.creds) {
			t.Error("a restart changed the credentials")
		}
		s = again
		if now := s.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).raw; now != published {
			t.Error("a restart changed the keys")
		}
		s.wantAlive(t, kept)
		s.do(t, call{"GET", "/jwt/refresh/" + kept.id, kept.owner(), ""}).want(t, 200)
		s.do(t, call{"GET", "/jwt/refresh/" + rotated.id, rotated.owner(), ""}).want(t, 200)
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

// work issues, refreshes and deletes until the service is gone.
func work(s *service, user string) (l ledger) {
	ask := func(c call, status int) (answer, bool) {
		a, err := s.send(c)
		return a, err == nil && a.status == status
	}
	for n := 0; ; n++ {
		body := jsonOf(map[string]string{"userId": user + strconv.Itoa(n%3), "applicationId": s.demo.web})
		a, ok := ask(call{"POST", "/jwt/issue", s.demo.admin(), body}, http.StatusCreated)
		if !ok {
			return l
		}
		x := session{tenant: s.demo.id, user: user, id: a.data("refreshTokenId"), refresh: a.data("refreshToken")}
		if n%2 == 0 {
			if a, ok = ask(call{"POST", "/jwt/refresh", nil, jsonOf(map[string]string{"refreshToken": x.refresh})}, http.StatusOK); ok {
				x.refresh = a.data("refreshToken")
			}
		}
		if ok && n%3 == 0 {
			if _, ok = ask(call{"DELETE", "/jwt/refresh/" + x.id, s.demo.admin(), ""}, http.StatusOK); ok {
				l.dead = append(l.dead, x)
			}
			if !ok {
				return l // nobody knows whether it was deleted
			}
			continue
		}
		// A refresh that was not answered may have happened; then this token is the one to retry with.
		if l.live = append(l.live, x); !ok || n > 80 {
			return l
		}
	}
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	embeddedOnly(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "local")
	s := start(t, dir)
	for round := range 2 {
		ledgers := make([]ledger, 8)
		var workers sync.WaitGroup
		for i := range ledgers {
			workers.Go(func() { ledgers[i] = work(s, fmt.Sprintf("user-%d-%d-", round, i)) })
		}
		time.Sleep(400 * time.Millisecond)
		s.kill()
		workers.Wait()
		s = start(t, dir, samePort(s))
		live, dead := 0, 0
		for _, l := range ledgers {
			for _, x := range l.live {
				live++
				s.present(t, x.refresh).want(t, 200)
			}
			for _, x := range l.dead {
				dead++
				s.present(t, x.refresh).want(t, 400)
				s.resource(t, x).want(t, 404)
			}
		}
		if live == 0 || dead == 0 {
			t.Errorf("nothing was going on: %d live, %d dead", live, dead)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

// refusesToStart runs the command and expects one clear line and a failure.
func refusesToStart(t *testing.T, mention string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(env)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Errorf("it ended with %v", err)
	}
	said := strings.TrimSpace(errs.String())
	if said == "" || strings.Contains(said, "\n") || strings.Contains(said+out.String(), "goroutine ") || !strings.Contains(said, mention) {
		t.Errorf("want one clear line that mentions %s; it said:\n%s\n%s", mention, errs.String(), out.String())
	}
}

func TestATakenPortIsOneClearLine(t *testing.T) {
	t.Parallel()
	refusesToStart(t, strconv.Itoa(home.port), "PORT="+strconv.Itoa(home.port), "LOCAL_DIR="+t.TempDir())
}

func TestAPortThatIsNoneIsOneClearLine(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"abc", "-1", "70000"} {
		refusesToStart(t, "PORT", "PORT="+port, "LOCAL_DIR="+t.TempDir())
	}
}

func TestALocalDirThatIsAFileIsOneClearLine(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	file := filepath.Join(t.TempDir(), "file")
	if err = errors.Join(err, os.WriteFile(file, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, file, "PORT="+strconv.Itoa(port), "LOCAL_DIR="+file)
}

func TestADirectoryInUseIsOneClearLine(t *testing.T) {
	embeddedOnly(t)
	t.Parallel()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, home.dir, "PORT="+strconv.Itoa(port), "LOCAL_DIR="+home.dir)
	home.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).want(t, 200)
}

func TestADamagedFileIsOneClearLine(t *testing.T) {
	embeddedOnly(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "local")
	s := start(t, dir)
	s.issue(t, "user", s.demo.web)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	var damaged int
	err := filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "credentials.env" {
			return err
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
		t.Fatalf("%d files, %v", damaged, err)
	}
	if err := start(t, dir, samePort(s)).stop(); err != nil {
		t.Errorf("what was damaged and mended does not start: %v", err)
	}
}

func TestAnInterruptFinishesTheRequestsInFlight(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		s := start(t, filepath.Join(t.TempDir(), "local"))
		x := s.issue(t, "user", s.demo.web)
		body := jsonOf(map[string]string{"refreshToken": x.refresh})
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "POST /jwt/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body[:20])
		time.Sleep(300 * time.Millisecond) // the request is in flight
		if err = errors.Join(err, s.cmd.Process.Signal(signal)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		_, err = io.WriteString(conn, body[20:])
		res, err2 := http.ReadResponse(bufio.NewReader(conn), nil)
		if err = errors.Join(err, err2); err != nil {
			t.Fatalf("%v: the request in flight was dropped: %v", signal, err)
		}
		answer, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close(), conn.Close(), s.ended()); err != nil || res.StatusCode != http.StatusOK || !slices.Contains(answer, '}') {
			t.Errorf("%v: %d %s, %v", signal, res.StatusCode, answer, err)
		}
	}
}
