package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden exchanges under testdata")

// home is the service that all tests share; they keep apart by using users of their own. binary is what it runs.
var (
	home   *service
	binary string
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
	// Another home is one line: startService(dir, "DYNAMODB_ENDPOINT=...").
	if home, err = startService(filepath.Join(dir, "home")); err != nil {
		return 1, err
	}
	code = m.Run()
	// "SIGINT" ends the service in order, and what it has written names no secret of the whole run.
	return code, errors.Join(home.stop(), home.leaks())
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
