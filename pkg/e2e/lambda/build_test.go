package lambda_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// binaries builds every function, once for all tests, and links anew only what has changed since the last time.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "functions"))
	if err != nil {
		return "", err
	}
	return dir, runtimeapi.Build(context.Background(), dir, runtimeapi.Functions+"...")
})

// operations are the folders under functions/.
func operations(t *testing.T) (all []string) {
	t.Helper()
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(mains) < 20 {
		t.Fatalf("got %d functions, %v, want 20 or more", len(mains), err)
	}
	for _, main := range mains {
		all = append(all, filepath.Base(filepath.Dir(main)))
	}
	return all
}

// bare is a function that has only these variables.
func bare(t *testing.T, op string, env ...string) runtimeapi.Function {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return runtimeapi.Function{Name: op, Binary: filepath.Join(dir, op), Env: env}
}

var deployment = sync.OnceValues(func() (*stack.Template, error) {
	return stack.Read(filepath.Join(root, "template.yaml"), nil)
})

// variables are those that template.yaml sets for a function; one that only AWS knows still has its "${...}".
func variables(t *testing.T, op string) map[string]string {
	t.Helper()
	template, err := deployment()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(template.Functions, func(f stack.Function) bool { return f.Operation == op })
	if i < 0 {
		t.Fatalf("template.yaml has no %s", stack.LogicalID(op))
	}
	all := maps.Clone(template.Functions[i].Variables)
	maps.DeleteFunc(all, func(name, _ string) bool { return strings.HasPrefix(name, "SSL_CERT_") }) // nothing here speaks TLS
	return all
}
