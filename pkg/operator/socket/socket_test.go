package socket_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
)

type wrongError struct{ text string }

func (w wrongError) Error() string { return w.text }

// serve answers "echo" and "fail" in a directory.
func serve(t *testing.T, dir string) *socket.Listener {
	t.Helper()
	l, err := socket.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: socket.Handler(map[string]socket.Function{
		"echo": func(_ context.Context, payload json.RawMessage) (any, error) { return payload, nil },
		"fail": func(context.Context, json.RawMessage) (any, error) { return nil, wrongError{"tenantId must be"} },
	})}
	go func() { _ = server.Serve(l.UnixListener) }() // the server would close l itself when it ends
	t.Cleanup(func() { _ = errors.Join(server.Close(), l.Close()) })
	return l
}

func TestAFunctionAnswersAsInLambda(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	got, err := socket.Invoke(t.Context(), dir, "echo", []byte(`{"a":1}`))
	if err != nil || strings.TrimSpace(string(got)) != `{"a":1}` {
		t.Errorf("got %s, %v; want the payload", got, err)
	}
	var failure *socket.Error
	_, err = socket.Invoke(t.Context(), dir, "fail", nil)
	if !errors.As(err, &failure) || failure.Type != "wrongError" || failure.Message != "tenantId must be" {
		t.Errorf("got %#v, want the error with its type", err)
	}
	if _, err = socket.Invoke(t.Context(), dir, "unknown", nil); !errors.As(err, &failure) || failure.Type != "NotFoundError" {
		t.Errorf("an unknown function: got %#v, want a NotFoundError", err)
	}
}

func TestOnlyTheUserCanReachTheSocket(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir)
	for name, want := range map[string]fs.FileMode{
		"operator": 0o700 | fs.ModeDir, "operator/socket": 0o600 | fs.ModeSocket, "socket": 0o600,
	} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestADirectoryThatOthersCanEnterIsRefusedAtBothEnds(t *testing.T) {
	for name, prepare := range map[string]func(operator string) error{
		"a wider mode": func(operator string) error { return os.Chmod(operator, 0o755) },
		"a link": func(operator string) error {
			return errors.Join(os.Rename(operator, operator+"2"), os.Symlink(operator+"2", operator))
		},
		"a file": func(operator string) error {
			return errors.Join(os.Rename(operator, operator+"2"), os.WriteFile(operator, nil, 0o700))
		},
	} {
		dir := t.TempDir()
		serve(t, dir)
		if err := prepare(filepath.Join(dir, "operator")); err != nil {
			t.Fatal(err)
		}
		if got, err := socket.Invoke(t.Context(), dir, "echo", nil); err == nil {
			t.Errorf("%s: got the answer %s, want nothing to be sent", name, got)
		}
		if l, err := socket.Listen(dir); err == nil {
			t.Errorf("%s: got a socket, want none", name)
			_ = l.Close()
		}
	}
}

func TestALongPathMovesToTheTemporaryDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 20))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := serve(t, dir)
	path := l.Addr().String()
	if len(path) > 100 || strings.HasPrefix(path, dir) {
		t.Errorf("got the socket %s, want a short path elsewhere", path)
	}
	if info, err := os.Lstat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its directory: got %v, %v; want mode 0700", info.Mode(), err)
	}
	if _, err := socket.Invoke(t.Context(), dir, "echo", []byte(`1`)); err != nil {
		t.Errorf("got %v, want an answer", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: got %v, want the directory gone", err)
	}
}

func TestASocketOfAKilledProcessIsReplacedAndALivingOneIsNot(t *testing.T) {
	dir := t.TempDir()
	l, err := socket.Listen(dir) // and no server, which would close it in its own way
	if err != nil {
		t.Fatal(err)
	}
	if second, err := socket.Listen(dir); err == nil || !strings.Contains(err.Error(), "another service answers") {
		t.Errorf("a second one: got %v, %v; want a refusal", second, err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.UnixListener.Close(); err != nil { // as a killed process leaves it
		t.Fatal(err)
	}
	if _, err := socket.Invoke(t.Context(), dir, "echo", nil); err == nil || !strings.Contains(err.Error(), "has stopped") {
		t.Errorf("without a service: got %v, want that it has stopped", err)
	}
	if err := serve(t, dir).Close(); err != nil {
		t.Errorf("got %v, want a new socket", err)
	}
	if _, err := socket.Invoke(t.Context(), dir, "echo", nil); err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("after Close: got %v, want advice", err)
	}
}
