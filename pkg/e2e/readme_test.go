package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fenced is a block of a README: a command to paste, or the answers of the command before it.
var fenced = regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$")

// Every sh block works when pasted, in order, in one shell, in a folder that has .local. It prints what the json block
// after it shows.
func TestReadmeExamplesPrintTheAnswersThatFollowThem(t *testing.T) {
	var readmes []string
	for _, pattern := range []string{"README.md", "*/README.md", "pkg/*/README.md", "pkg/*/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		readmes = append(readmes, found...)
	}
	examples := 0
	for _, name := range readmes {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks := fenced.FindAllStringSubmatch(string(text), -1)
		if !slices.ContainsFunc(blocks, func(b []string) bool { return b[1] == "sh" }) {
			continue
		}
		t.Run(strings.TrimPrefix(name, repository), func(t *testing.T) {
			examples++
			pasteAndCompare(t, blocks)
		})
	}
	if examples == 0 {
		t.Errorf("got no README with an sh block among %q, want one", readmes)
	}
}

// pasteAndCompare runs the blocks of one README against a service of its own.
func pasteAndCompare(t *testing.T, blocks [][]string) {
	t.Helper()
	const end = "=== end of block ==="
	dir := t.TempDir()
	s, err := startService(filepath.Join(dir, ".local"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	script := "set -eu\n"
	var wants []string
	for _, b := range blocks {
		if b[1] == "sh" {
			script += b[2] + "\necho; echo '" + end + "'\n"
			wants = append(wants, "")
		} else {
			wants[len(wants)-1] += strings.ReplaceAll(b[2], "http://localhost:3000", s.base)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"), "LOCAL_DIR=.local")
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v after\n%s", err, printed)
	}
	outputs := strings.Split(string(printed), end)
	for i, want := range wants {
		for _, difference := range differences("$", documents(t, want), documents(t, outputs[i])) {
			t.Errorf("sh block %d: %s; it printed\n%s", i+1, difference, outputs[i])
		}
	}
}

// documents decodes one JSON value after the other.
func documents(t *testing.T, text string) (values []any) {
	t.Helper()
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var value any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		values = append(values, value)
	}
}

// differences lists where got is not as a README shows it. There "…" stands for any text, a number above 10^9 for any
// time, and one above 10^6 for seconds that count down from it.
func differences(at string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		names := slices.Sorted(maps.Keys(want))
		if gotNames := slices.Sorted(maps.Keys(got)); !slices.Equal(names, gotNames) {
			return []string{fmt.Sprintf("%s has the members %q, want %q", at, gotNames, names)}
		}
		var all []string
		for _, name := range names {
			all = append(all, differences(at+"."+name, want[name], got[name])...)
		}
		return all
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			return []string{fmt.Sprintf("%s has %d elements, want %d", at, len(got), len(want))}
		}
		var all []string
		for i := range want {
			all = append(all, differences(fmt.Sprintf("%s[%d]", at, i), want[i], got[i])...)
		}
		return all
	case string:
		start, rest, elided := strings.Cut(want, "…")
		if text, ok := got.(string); ok && elided && strings.HasPrefix(text, start) && strings.HasSuffix(text, rest) {
			return nil
		}
	case float64:
		if n, ok := got.(float64); ok && want > 1e9 && n > 1e9 {
			return nil
		}
		const hour = 3600
		if n, ok := got.(float64); ok && want > 1e6 && n <= want && n > want-hour {
			return nil
		}
	}
	if got != want {
		return []string{fmt.Sprintf("%s is %v, want %v", at, got, want)}
	}
	return nil
}
