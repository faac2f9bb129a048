package embedded_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// childStore names the file of the child, which is the test binary again and writes until it is killed.
const childStore = "EMBEDDED_CRASH_CHILD"

const (
	writers  = 6
	lastStep = 5 // of a session's life: created at step 0, refreshed at each next one, deleted at the last
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childStore); path != "" {
		fmt.Fprintln(os.Stderr, crashingChild(path))
		os.Exit(1) // the parent kills it before
	}
	os.Exit(m.Run())
}

// crashingChild writes for ever, and prints a line for each answered change.
func crashingChild(path string) error {
	s, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range writers {
		go func() {
			for n := 0; ; n++ {
				// Every other session stays undeleted.
				if err := live(s, fmt.Sprint("writer-", w), lastStep-n%2*2); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// live is the life of one session; each step starts after the answer to the one before.
func live(s *embedded.Store, user string, last int) error {
	ctx := context.Background()
	added := storetest.NewSession("tenant", user, "application")
	added.SecretHash = hashAt(added.ID, 0)
	for step := range last + 1 {
		var err error
		applied := true
		switch {
		case step == 0:
			err = s.Create(ctx, added)
		case step < lastStep:
			r := storetest.NewRotation(added)
			r.Presented, r.Next, r.From = hashAt(added.ID, step-1), hashAt(added.ID, step), uint32(step-1)
			_, applied, err = s.Rotate(ctx, r)
		default:
			_, err = s.Delete(ctx, session.Deletion{Key: added.Key})
		}
		if err != nil || !applied {
			return fmt.Errorf("step %d, applied %v: %w", step, applied, err)
		}
		if _, err := fmt.Fprintf(os.Stdout, "%s %s %d\n", user, added.ID, step); err != nil {
			return err
		}
	}
	return nil
}

// hashAt derives the secret of a session from its step.
func hashAt(id token.ID, step int) token.Hash { return sha256.Sum256(append(id[:], byte(step))) }

// history is the last answered step of each session, by its user and id.
type history map[string]int

func TestEveryAnsweredChangeSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	answered := history{}
	for range 5 {
		crash(t, path, 200+rand.IntN(600), answered)
		s, err := embedded.Open(path, embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for w := range writers {
			answered.compare(t, s, fmt.Sprint("writer-", w))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) < 100 {
		t.Fatalf("got %d sessions, want at least 100", len(answered))
	}
}

// crash kills a child after so many printed changes, and records all that it printed.
func crash(t *testing.T, path string, changes int, answered history) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childStore+"="+path)
	child.Stderr = os.Stderr
	told, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(told)
	for n := 0; ; n++ {
		if n == changes {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if err != nil { // the end, perhaps in the middle of a line
			break
		}
		var user, id string
		var step int
		if _, err := fmt.Sscanf(line, "%s %s %d\n", &user, &id, &step); err != nil {
			t.Fatalf("got line %q of the child, want user, id and step", line)
		}
		answered[user+" "+id] = step
	}
	var killed *exec.ExitError
	if err := child.Wait(); !errors.As(err, &killed) || killed.Exited() {
		t.Fatalf("got %v from the child, want a kill", err)
	}
}

// compare wants each session of a user at its last answered step, or, for one session at most, at the step that was under
// way. It records the steps that it finds.
func (answered history) compare(t *testing.T, s *embedded.Store, user string) {
	t.Helper()
	found := history{}
	q := session.Query{Tenant: "tenant", User: user}
	for more := true; more; {
		var page []session.Session
		var err error
		if page, more, err = s.Query(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		for _, x := range page {
			q.After = &x.Key
			found[user+" "+x.ID.String()] = int(x.Generation)
			if !x.SecretHash.Equal(hashAt(x.ID, int(x.Generation))) {
				t.Errorf("session %v: got the secret of another step than %d", x.ID, x.Generation)
			}
			if key, err := s.Locate(t.Context(), "tenant", x.ID); err != nil || key != x.Key {
				t.Errorf("session %v: got %v, %v from the index", x.ID, key, err)
			}
		}
	}
	for name := range answered {
		if _, there := found[name]; strings.HasPrefix(name, user+" ") && !there {
			found[name] = lastStep
		}
	}
	underWay := 0
	for name, step := range found {
		last, known := answered[name]
		if !known {
			last = -1
		}
		if step == last+1 {
			underWay++
		} else if step != last {
			t.Errorf("session %s: got step %d, want %d or %d", name, step, last, last+1)
		}
		answered[name] = step
	}
	if underWay > 1 {
		t.Errorf("%s: got %d sessions with an unanswered change, want at most 1", user, underWay)
	}
}
