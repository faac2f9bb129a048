package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

var update = flag.Bool("update", false, "rewrite the golden exchanges under testdata")

// home is the service that all tests share; they keep apart by using users of their own. binary is what it runs, and
// homeEnv where it and every other service of the run keeps its tokens: nothing for the embedded store.
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

func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary = filepath.Join(dir, "local")
	if err := build(binary); err != nil {
		return 1, err
	}
	code, err = inBothHomes(func() (int, error) { return runIn(m, filepath.Join(dir, "home-"+rand.Text())) })
	return code, err
}

// inBothHomes runs all tests over the embedded store and then over AWS's own DynamoDB engine. E2E_HOME=embedded and
// E2E_HOME=dynamodb choose one. Where there is no engine that run is left out, or fails if REQUIRE_ENGINES=1.
func inBothHomes(run func() (int, error)) (code int, err error) {
	choice := os.Getenv("E2E_HOME")
	if choice != "dynamodb" {
		fmt.Println("e2e: over the embedded store")
		code, err = run()
	}
	if choice == "embedded" || err != nil {
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
	second, err := run()
	return max(code, second), errors.Join(err, engine.Close())
}

func runIn(m *testing.M, dir string) (code int, err error) {
	if home, err = startService(dir); err != nil {
		return 1, err
	}
	code = m.Run()
	// "SIGINT" ends the service in order, and what it has written names no secret of the whole run.
	return code, errors.Join(home.stop(), home.leaks())
}

// embeddedOnly skips a test of the store's file where tokens are elsewhere.
func embeddedOnly(t *testing.T) {
	t.Helper()
	if homeEnv != nil {
		t.Skip("the tokens are in DynamoDB, not in a file")
	}
}

func build(to string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	args := []string{"build", "-o", to}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./pkg/cmd/local")...)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the service: %w\n%s", err, out)
	}
	return nil
}
