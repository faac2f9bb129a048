package template_test

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/local/template"
)

const root = "../../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// What sam build runs for each function makes one file, which starts on arm64 without anything else.
func TestBuildsAreOneSmallStaticBinaryEach(t *testing.T) {
	if os.Getenv("BUILD_FUNCTIONS") == "" {
		t.Skip("make template builds every function")
	}
	api, err := template.Load(realTemplate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range api.Functions {
		t.Run(f.LogicalID, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			build(t, root, f.LogicalID, dir)
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 || entries[0].Name() != "bootstrap" {
				t.Fatalf("the build left %v, want bootstrap (%v)", entries, err)
			}
			wantStaticArm64(t, filepath.Join(dir, "bootstrap"))
		})
	}
}

// Nothing of the place or the moment of a build is in it: the same code from another directory is the same file.
func TestBuildsFromTwoDirectoriesAreByteIdentical(t *testing.T) {
	if os.Getenv("BUILD_FUNCTIONS") == "" {
		t.Skip("make template builds every function")
	}
	elsewhere := t.TempDir()
	for _, name := range []string{"functions", "pkg"} {
		if err := os.CopyFS(filepath.Join(elsewhere, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile", "go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(elsewhere, name), []byte(read(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"RefreshFunction", "RotateSigningKeysFunction"} {
		var builds [2][]byte
		for i, from := range []string{root, elsewhere} {
			dir := t.TempDir()
			build(t, from, id, dir)
			var err error
			if builds[i], err = os.ReadFile(filepath.Join(dir, "bootstrap")); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(builds[0], builds[1]) {
			t.Errorf("%s: two builds differ", id)
		}
	}
}

func build(t *testing.T, from, id, into string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "--silent", "build-"+id, "ARTIFACTS_DIR="+into)
	cmd.Dir = from
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make build-%s: %v\n%s", id, err, out)
	}
}

func wantStaticArm64(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= 15<<20 || info.Mode()&0o111 == 0 {
		t.Errorf("bootstrap has %d bytes and mode %v", info.Size(), info.Mode())
	}
	file, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if file.Machine != elf.EM_AARCH64 {
		t.Errorf("bootstrap is for %v", file.Machine)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Error("bootstrap needs a dynamic linker")
		}
	}
}
