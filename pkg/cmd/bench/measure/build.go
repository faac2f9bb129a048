package measure

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Cache is where data lies during a run, and where results stay. Its parent is outside version control.
const Cache = ".cache/bench"

// Scratch makes a directory under Cache on the disk of the project. The caller removes it.
func Scratch(prefix string) (string, error) {
	if err := os.MkdirAll(Cache, 0o700); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(Cache, prefix+"-")
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// Build runs go build with these arguments, the package last, and returns the absolute path of the program in dir.
func Build(ctx context.Context, dir string, args ...string) (string, error) {
	program, err := filepath.Abs(filepath.Join(dir, filepath.Base(args[len(args)-1])))
	if err != nil {
		return "", err
	}
	args = append([]string{"build", "-o", program}, args...)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // packages of this project
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return program, nil
}
