package lambda_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A function that does not compile fails its build, and the build says where: sam build shows no more than make does.
func TestACompileErrorShowsFileAndLine(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds for Lambda")
	}
	elsewhere := t.TempDir()
	for _, name := range []string{"functions/jwks", "pkg"} {
		if err := os.CopyFS(filepath.Join(elsewhere, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile", "go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(elsewhere, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	main := filepath.Join(elsewhere, "functions", "jwks", "main.go")
	source, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	broken := slices.Concat(source, []byte("\nfunc broken() { nowhere.Defined() }\n"))
	if err := os.WriteFile(main, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "build-JwksFunction", "ARTIFACTS_DIR="+filepath.Join(elsewhere, "artifacts"))
	cmd.Dir = elsewhere
	out, err := cmd.CombinedOutput()
	where := fmt.Sprintf("functions/jwks/main.go:%d:", bytes.Count(broken, []byte("\n")))
	if err == nil || !bytes.Contains(out, []byte(where)) {
		t.Errorf("%v, want %s in\n%s", err, where, out)
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "artifacts", "bootstrap")); err == nil {
		t.Error("it left a bootstrap")
	}
}
