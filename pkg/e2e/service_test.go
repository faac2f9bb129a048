package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
)

const (
	repository = "../.."
	patience   = 2 * time.Minute // with a process that hangs
)

// service is one running instance of the laptop command.
type service struct {
	base  string // where it listens
	dir   string // its LOCAL_DIR
	port  int
	creds map[string]string // the assignments of credentials.env
	demo  tenant
	other tenant

	client *http.Client
	cmd    *exec.Cmd
	log    lockedBuffer
	exited chan error

	mu      sync.Mutex
	secrets map[string]bool // every token that an answer has held
}

// tenant is one tenant as credentials.env describes it.
type tenant struct{ id, key, web string }

// lockedBuffer collects what a process prints.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startService starts the binary over dir, on a free port unless env names one, and waits until it answers.
func startService(dir string, env ...string) (*service, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	for _, assignment := range env {
		if value, found := strings.CutPrefix(assignment, "PORT="); found {
			if port, err = strconv.Atoi(value); err != nil {
				return nil, err
			}
		}
	}
	s := &service{
		base: fmt.Sprintf("http://localhost:%d", port), dir: dir, port: port,
		client: newClient(), exited: make(chan error, 1), secrets: map[string]bool{},
	}
	s.cmd = command(slices.Concat([]string{"LOCAL_DIR=" + dir, "PORT=" + strconv.Itoa(port)}, homeEnv, env))
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	go func() { s.exited <- s.cmd.Wait() }()
	if err := s.ready(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; it said:\n%s", err, s.log.String()), s.cmd.Process.Kill())
	}
	return s, s.readCredentials()
}

// command prepares the service's process as make run does; of this process's environment it sees PATH and HOME only.
func command(env []string) *exec.Cmd {
	cmd := exec.Command(binary)
	cmd.Dir = repository
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LOG_LEVEL=info", "TEMPLATE=template.yaml"}, env...)
	return cmd
}

func newClient() *http.Client {
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// freePort is free on both loopback addresses.
func freePort() (int, error) {
	for {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		other, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			_ = l.Close()
			continue
		}
		if err == nil {
			_ = other.Close()
		}
		return port, l.Close()
	}
}

func (s *service) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		a, err := s.send(call{method: "GET", path: "/.well-known/jwks.json"})
		if err == nil && a.status == http.StatusOK {
			return nil
		}
		select {
		case err := <-s.exited:
			return fmt.Errorf("the service ended before it was ready: %w", err)
		case <-ctx.Done():
			return errors.New("the service did not get ready in time")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var assignment = regexp.MustCompile(`(?m)^(?:export )?([A-Z_]+)=["']?([^"'\n]*)["']?$`)

func (s *service) readCredentials() error {
	raw, err := os.ReadFile(filepath.Join(s.dir, "credentials.env"))
	if err != nil {
		return err
	}
	s.creds = map[string]string{}
	for _, m := range assignment.FindAllStringSubmatch(string(raw), -1) {
		s.creds[m[1]] = m[2]
		if strings.HasSuffix(m[1], "API_KEY") {
			s.keep(m[2])
		}
	}
	s.demo = tenant{id: s.creds["TENANT_ID"], key: s.creds["API_KEY"], web: s.creds["APPLICATION_ID"]}
	s.other = tenant{id: s.creds["OTHER_TENANT_ID"], key: s.creds["OTHER_API_KEY"], web: s.creds["OTHER_APPLICATION_ID"]}
	return nil
}

// stop interrupts the service and expects it to end with status 0.
func (s *service) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	return s.ended()
}

func (s *service) ended() error {
	select {
	case err := <-s.exited:
		if err != nil {
			return fmt.Errorf("the service ended badly: %w; it said:\n%s", err, s.log.String())
		}
		return nil
	case <-time.After(patience):
		return errors.Join(errors.New("the service does not end"), s.cmd.Process.Kill())
	}
}

// kill ends the service at once, as a power cut would.
func (s *service) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// keep remembers secrets for leaks.
func (s *service) keep(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		s.secrets[secret] = true
	}
}

// leaks searches all that the service has printed for the tokens of all answers.
func (s *service) leaks() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return leaks.Find(s.log.String(), slices.Collect(maps.Keys(s.secrets))...)
}

// rtctl runs the operators' command on the service, which must succeed, and returns what it prints.
func (s *service) rtctl(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(binary), "rtctl"), args...)
	cmd.Env = append(os.Environ(), "LOCAL_DIR="+s.dir)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failure := cmd.Run(); failure != nil {
		t.Fatalf("rtctl %q: got %v, %s%s; want success", args, failure, out.String(), err.String())
	}
	return strings.TrimSpace(out.String())
}
