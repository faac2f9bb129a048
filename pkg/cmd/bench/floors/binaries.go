package floors

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// initialisation is floor 2: what the packages of refresh, with both clients of AWS linked, allocate before main.
func initialisation(t testing.TB) []samples {
	refresh, _ := buildBoth(t)
	refresh.Env = environment("http://127.0.0.1:1", "GODEBUG=inittrace=1")
	traced := live(t, refresh, nil, 0).stderr
	bytes, allocs, packages := 0, 0, 0
	for line := range strings.Lines(traced) {
		// init time @0.53 ms, 0.001 ms clock, 0 bytes, 0 allocs
		words := strings.Fields(line)
		if len(words) != 11 || words[0] != "init" {
			continue
		}
		packages++
		bytes += fixture.Must(strconv.Atoi(words[7]))
		allocs += fixture.Must(strconv.Atoi(words[9]))
	}
	if packages < 20 {
		t.Fatalf("got a trace of %d packages, want 20 at least:\n%s", packages, traced)
	}
	return []samples{{float64(bytes) / 1e3}, {float64(allocs)}}
}

// sizes is floor 3: the bootstrap that is deployed, and its zip.
func sizes(t testing.TB) []samples {
	dir := t.TempDir()
	//nolint:gosec // the project's own Makefile
	build := exec.CommandContext(t.Context(), "make", "--no-print-directory", "function", "OP=refresh", "ARTIFACTS_DIR="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bootstrap := fixture.Must(os.ReadFile(filepath.Join(dir, "bootstrap")))
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	_ = fixture.Must(fixture.Must(w.Create("bootstrap")).Write(bootstrap))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []samples{{float64(len(bootstrap)) / 1e6}, {float64(zipped.Len()) / 1e6}}
}
