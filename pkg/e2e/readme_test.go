package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// README examples work when pasted: every sh block runs, in order, in one shell, in a folder that has .local.
func TestReadmeExamplesWorkWhenPasted(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(readme), -1)
	if len(blocks) == 0 {
		t.Fatal("README.md: got no sh block, want some")
	}
	dir := t.TempDir()
	if err := os.Symlink(home.dir, filepath.Join(dir, ".local")); err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range blocks {
		// With -f curl says so when a request fails, even where its own status is lost in a pipe.
		script += strings.ReplaceAll(block[1], "curl -s ", "curl -sSf ") + "\necho\n"
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("got %v\n%s", err, out)
	}
	if strings.Contains(string(out), "curl: (") || strings.Count(string(out), `"success":true`) < 5 {
		t.Errorf("got failures or fewer than 5 successes:\n%s", out)
	}
}
