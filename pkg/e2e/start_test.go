package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestItAnswersOnBothLoopbackAddresses(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	_ = probe.Close()
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		res, err := home.client.Get(fmt.Sprintf("http://%s:%d/.well-known/jwks.json", host, home.port))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d, %v, want 200", host, res.StatusCode, err)
		}
	}
}

// pasted is the commands that a service greets with.
var pasted = regexp.MustCompile(`(?s)in another terminal:\n(.*)\n\nCtrl-C`)

func TestTheGreetingsCommandsWorkWhenPasted(t *testing.T) {
	t.Parallel()
	long(t)
	for _, name := range []string{"local", "it's a folder with $HOME"} {
		s := start(t, filepath.Join(t.TempDir(), name), "TEMPLATE=") // with the routes that it was built with
		for !strings.Contains(s.log.String(), "Ctrl-C stops it") {
			time.Sleep(time.Millisecond) // it is written, and not yet read
		}
		commands := pasted.FindStringSubmatch(s.log.String())
		if commands == nil || !strings.Contains(s.log.String(), "ready on "+s.base) {
			t.Fatalf("got %.600s, want %s and commands", s.log.String(), s.base)
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", commands[1])
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"refreshToken":"srt_`) {
			t.Errorf("%s: got %v, %s\nfrom %s\nwant a session", name, err, out, commands[1])
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}
}

// refusesToStart runs the command and expects a failure with one line that mentions a text.
func refusesToStart(t *testing.T, mention string, env ...string) {
	t.Helper()
	cmd := command(env)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Errorf("got %v, want an exit with an error", err)
	}
	said := strings.TrimSpace(errs.String())
	if said == "" || strings.Contains(said+out.String(), "goroutine ") || strings.Contains(said, "\n") || !strings.Contains(said, mention) {
		t.Errorf("want one line that mentions %s, got\n%s\n%s", mention, errs.String(), out.String())
	}
}

func TestWhatPreventsAStartIsOneClearLine(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	file := filepath.Join(t.TempDir(), "file")
	if err = errors.Join(err, os.WriteFile(file, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	free, taken := "PORT="+strconv.Itoa(port), "PORT="+strconv.Itoa(home.port)
	refusesToStart(t, "listen on 127.0.0.1:"+strconv.Itoa(home.port), taken, "LOCAL_DIR="+t.TempDir())
	if six, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port)); err == nil { // this machine has IPv6
		refusesToStart(t, fmt.Sprintf("listen on [::1]:%d", port), free, "LOCAL_DIR="+t.TempDir())
		_ = six.Close()
	}
	for _, port := range []string{"abc", "-1", "70000"} {
		refusesToStart(t, "PORT", "PORT="+port, "LOCAL_DIR="+t.TempDir())
	}
	refusesToStart(t, file, free, "LOCAL_DIR="+file)
	if homeEnv == nil {
		refusesToStart(t, home.dir, free, "LOCAL_DIR="+home.dir) // in use
	}
	home.do(t, call{"GET", "/.well-known/jwks.json", nil, ""}).want(t, 200)
}
