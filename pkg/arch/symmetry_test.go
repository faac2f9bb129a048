package arch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// Refresh is functions/refresh/, events/refresh.json, pkg/api/stencil/refresh.go and a row of api.Rules: one word per
// operation, everywhere. pkg/stack compares functions/ with the template.
func TestOneWordPerOperationEverywhere(t *testing.T) {
	operations := directories(t, "functions")
	var ruled []string
	for _, rule := range api.Rules() {
		ruled = append(ruled, string(rule.Operation))
	}
	slices.Sort(ruled)
	if !slices.Equal(ruled, operations) {
		t.Errorf("functions/: got %v\nwant the rows of api.Rules: %v", operations, ruled)
	}
	for _, op := range operations {
		for _, name := range []string{"functions/" + op + "/main.go", "events/" + op + ".json", fileOf(op)} {
			if found, err := filepath.Glob(filepath.Join(root, name)); err != nil || len(found) != 1 {
				t.Errorf("functions/%s: got %d files %s, want one", op, len(found), name)
			}
		}
	}
}

// fileOf is the one file of an operation; * is the interface that it belongs to.
func fileOf(op string) string {
	switch op {
	case "preflight":
		return "pkg/frame/cors.go"
	case "authorizer":
		return "pkg/authorizer/handler.go"
	case "authorize-resource":
		return "pkg/authorizer/authorize_resource.go"
	case "rotate-signing-keys", "rotate-token-keys": // two wirings of pkg/keys/rotation
		return "pkg/deploy/rotation.go"
	case "audit":
		return "pkg/lifecycle/lifecycle.go"
	case "put-application", "retrieve-applications", "delete-application", "delete-by-tenant", "create-api-key",
		"rotate-api-key", "list-api-keys", "delete-api-key", "import-sessions":
		return "pkg/operator/" + strings.ReplaceAll(op, "-", "_") + ".go"
	}
	if short, ok := strings.CutPrefix(op, "oauth-"); ok {
		return "pkg/api/*/" + short + ".go"
	}
	return "pkg/api/*/" + strings.ReplaceAll(op, "-", "_") + ".go"
}

func directories(t *testing.T, name string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}
