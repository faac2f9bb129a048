package runtimeapi

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Functions is the import path of the folders under functions/: Functions+"..." names all of them.
const Functions = "github.com/stencil-auth/refresh-tokens/functions/"

// Flags are those of the Makefile, and so of what is deployed.
func Flags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags=-s -w"}
}

// Build compiles main packages as the Makefile does, but for this machine, into dir. A package is an import path, whose
// last element names the binary, or the path of one Go file. The error holds what the compiler said.
func Build(ctx context.Context, dir string, packages ...string) error {
	args := append([]string{"build"}, Flags()...)
	args = append(args, "-o", filepath.Clean(dir)+string(filepath.Separator))
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...) //nolint:gosec // the caller's own packages
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(packages, " "), err, out)
	}
	return nil
}
