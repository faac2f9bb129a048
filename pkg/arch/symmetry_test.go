package arch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Refresh is functions/refresh/, events/refresh.json, pkg/api/refresh.go and op=refresh in the logs: one word per
// operation, everywhere. pkg/stack compares functions/ with the template.
func TestOneWordPerOperationEverywhere(t *testing.T) {
	operations := directories(t, "functions")
	if len(operations) < 10 {
		t.Fatalf("only %d functions were found", len(operations))
	}
	for _, op := range operations {
		file := "pkg/api/" + strings.ReplaceAll(op, "-", "_") + ".go"
		switch op {
		case "authorizer":
			file = "pkg/authorizer/handler.go"
		case "rotate-signing-keys", "rotate-token-keys": // two wirings of pkg/keys/rotation
			file = "pkg/deploy/rotation.go"
		case "audit": // no operation of the API
			file = "pkg/lifecycle/lifecycle.go"
		}
		for _, name := range []string{"functions/" + op + "/main.go", "events/" + op + ".json", file} {
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Errorf("%s is missing for functions/%s", name, op)
			}
		}
		source := read(t, file)
		if constant := `"` + op + `"`; !strings.Contains(source, constant) && !strings.Contains(read(t, "pkg/api/permit.go"), constant) {
			t.Errorf("neither %s nor pkg/api/permit.go logs op=%s", file, op)
		}
	}
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
