package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Functions is the import path of the folders under functions/: Functions+"..." names all of them.
const Functions = "github.com/stencil-auth/refresh-tokens/functions/"

// Flags are those of the Makefile, and so of what is deployed.
func Flags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags=-s -w"}
}

// Build compiles main packages as the Makefile does, but for this machine, into dir. A package is an import path, whose
// last element names the binary, or the path of one Go file. The error holds what the compiler said. Several processes may
// build into dir: one links what has changed, and the others find it.
func Build(ctx context.Context, dir string, packages ...string) error {
	unlock, err := lock(dir)
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer unlock()
	args := append([]string{"build"}, Flags()...)
	args = append(args, "-o", filepath.Clean(dir)+string(filepath.Separator))
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...) //nolint:gosec // the caller's own packages
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(packages, " "), err, out)
	}
	return visitSources()
}

// lock waits for other processes that build into dir.
func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { _ = file.Close() }, syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
}

// visitSources reads the folders of the module's code. The cache of test results depends on what a test reads, and does
// not see the compiler's reading: so a result is repeated for the same sources only.
func visitSources() error {
	root, err := filepath.Abs(".")
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			return errors.New("build: no go.mod above the working directory")
		}
		root = filepath.Dir(root)
	}
	for _, name := range []string{"functions", "pkg"} {
		visited := filepath.WalkDir(filepath.Join(root, name), func(_ string, _ fs.DirEntry, err error) error { return err })
		err = errors.Join(err, visited)
	}
	return err
}
