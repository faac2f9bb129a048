package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

var update = flag.Bool("update", false, "rewrite the golden exchanges under testdata")

// home is the service that all tests share; they keep apart by users of their own. binary is what it runs, and homeEnv
// where it and every other service of the run keeps its tokens: empty for the embedded store.
var (
	home    *service
	binary  string
	homeEnv []string
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// runAll runs all tests over the embedded store and then, unless -short, over AWS's own DynamoDB engine.
// E2E_HOME=embedded and E2E_HOME=dynamodb choose one.
func runAll(m *testing.M) (code int, err error) {
	if err := build(); err != nil {
		return 1, err
	}
	choice := os.Getenv("E2E_HOME")
	if choice != "dynamodb" {
		fmt.Println("e2e: over the embedded store")
		code, err = runIn(m)
	}
	if choice == "embedded" || testing.Short() || err != nil {
		return code, err
	}
	engine, err := dynamotest.Acquire()
	if errors.Is(err, dynamotest.ErrUnavailable) && os.Getenv("REQUIRE_ENGINES") != "1" {
		fmt.Println("e2e: over DynamoDB: skipped:", err)
		return code, nil
	}
	if err != nil {
		return 1, err
	}
	fmt.Println("e2e: over DynamoDB")
	homeEnv = []string{"DYNAMODB_ENDPOINT=" + engine.Endpoint}
	second, err := runIn(m)
	return max(code, second), errors.Join(err, engine.Close())
}

func runIn(m *testing.M) (code int, err error) {
	dir := filepath.Join(os.TempDir(), "e2e-"+rand.Text())
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if home, err = startService(dir); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, errors.Join(home.stop(), home.leaks())
}

// embeddedOnly skips a test of the store's file where tokens are elsewhere.
func embeddedOnly(t *testing.T) {
	t.Helper()
	if homeEnv != nil {
		t.Skip("the tokens are in DynamoDB, not in a file")
	}
}

// long skips a test that waits for tokens to expire or starts services of its own.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes seconds")
	}
}

// build compiles the service and the operators' command into .cache, where the next run finds them up to date.
func build() (err error) {
	dir, err := filepath.Abs(filepath.Join(repository, ".cache", "e2e"))
	if err != nil {
		return err
	}
	args := []string{"build"}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		dir += "-race"
		args = append(args, "-race")
	}
	binary = filepath.Join(dir, "local")
	args = append(args, "-o", dir+string(filepath.Separator), "./pkg/cmd/local", "./pkg/cmd/rtctl")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), "go", args...)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the service: %w\n%s", err, out)
	}
	return nil
}

// TestTheResultIsOfTheseSources names what the service is made of: `go test` repeats a result as long as all that its
// tests read is the same, and it sees neither the compiler's reading nor that of TestMain.
func TestTheResultIsOfTheseSources(t *testing.T) {
	_, err := os.Stat(filepath.Join(repository, "template.yaml"))
	walked := filepath.WalkDir(filepath.Join(repository, "pkg"), func(_ string, _ fs.DirEntry, err error) error { return err })
	if err = errors.Join(err, walked); err != nil {
		t.Error(err)
	}
	_, _ = os.Getenv("E2E_HOME"), os.Getenv("REQUIRE_ENGINES")
}
