package stack_test

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// What sam build makes, or without SAM what it would run: one file for each function, which needs nothing else and
// does not depend on the directory or the time of the build.
func TestBuildsAreOneSmallStaticFileEachTheSameFromAnotherDirectory(t *testing.T) {
	if os.Getenv("BUILD_FUNCTIONS") == "" {
		t.Skip("make template builds every function")
	}
	template := deployed(t)
	built, elsewhere := t.TempDir(), copySources(t)
	if sam := os.Getenv("SAM"); sam != "" {
		samBuild(t, sam, built)
		if entries, err := os.ReadDir(built); err != nil || len(entries) != len(template.Functions)+1 { // and template.yaml
			t.Errorf("sam build left %d entries for %d functions (%v)", len(entries), len(template.Functions), err)
		}
	}
	for _, f := range template.Functions {
		t.Run(f.LogicalID, func(t *testing.T) {
			dir := filepath.Join(built, f.LogicalID)
			if os.Getenv("SAM") == "" {
				build(t, root, f.LogicalID, dir)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 || entries[0].Name() != "bootstrap" {
				t.Fatalf("the build left %v, want bootstrap (%v)", entries, err)
			}
			wantSmallStaticFile(t, filepath.Join(dir, "bootstrap"), template.Resources[f.LogicalID].Properties["Architectures"])
			again := t.TempDir()
			build(t, elsewhere, f.LogicalID, again)
			if !bytes.Equal(content(t, dir), content(t, again)) {
				t.Error("another directory makes another file")
			}
		})
	}
}

func TestBuildsThatFailSayWhere(t *testing.T) {
	if os.Getenv("BUILD_FUNCTIONS") == "" {
		t.Skip("make template builds every function")
	}
	dir := copySources(t)
	name := filepath.Join(dir, "functions", "jwks", "main.go")
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(source, "\nvar _ int = \"text\"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "build-JwksFunction", "ARTIFACTS_DIR="+t.TempDir())
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil || !regexp.MustCompile(`functions/jwks/main\.go:[0-9]+:[0-9]+: cannot use "text"`).Match(out) {
		t.Errorf("the build says %v\n%s", err, out)
	}
}

func content(t *testing.T, dir string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// copySources is a directory with all that a build needs.
func copySources(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"functions", "pkg"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile", "go.mod", "go.sum"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// samBuild builds as samconfig.toml has it: no copies of the directory, nothing cached.
func samBuild(t *testing.T, sam, into string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), sam, "build", "--build-dir", into)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
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

// wantSmallStaticFile: the file runs on the architecture that the template gives its function.
func wantSmallStaticFile(t *testing.T, name string, architectures any) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= 15<<20 || info.Mode()&0o111 == 0 {
		t.Errorf("bootstrap has %d bytes and mode %v, want below 15 MB and executable", info.Size(), info.Mode())
	}
	file, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	machine := map[elf.Machine]string{elf.EM_AARCH64: "[arm64]", elf.EM_X86_64: "[x86_64]"}[file.Machine]
	if machine != fmt.Sprint(architectures) || file.Section(".symtab") != nil || file.Section(".debug_info") != nil {
		t.Errorf("bootstrap is for %v, without symbols: %t; want %v, without symbols", file.Machine, file.Section(".symtab") == nil, architectures)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Error("bootstrap needs a dynamic linker")
		}
	}
	made, err := buildinfo.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"CGO_ENABLED": "0", "-trimpath": "true", "-tags": "lambda.norpc", "GOOS": "linux"}
	for _, s := range made.Settings {
		if want[s.Key] == s.Value {
			delete(want, s.Key)
		}
	}
	if len(want) > 0 {
		t.Errorf("bootstrap was made without %v", want)
	}
}
