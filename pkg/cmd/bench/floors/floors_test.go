package floors

import (
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"testing"
)

// Times are left to bench, and the other counts to tests of pkg/store.
func TestCountedFloorsHold(t *testing.T) {
	if info, _ := debug.ReadBuildInfo(); slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		withoutRaceDetector(t)
		return
	}
	t.Chdir("../../../..") // bench runs in the project's root
	for _, m := range measurements {
		if m.home != here && (m.home != hereSlow || testing.Short()) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			for i, got := range m.take(t) {
				if r := m.rows[i]; !r.keeps(got) {
					t.Errorf("floor %s: got %v", r.floor, r.cells(got))
				}
			}
		})
	}
}

// withoutRaceDetector runs the test again as a process of its own: the race detector allocates too.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	args := []string{"test", "-count=1", "-timeout=0", "-v", "-run", "^" + regexp.QuoteMeta(t.Name()) + "$"}
	if testing.Short() {
		args = append(args, "-short")
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, ".")...).CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Fatal(err)
	}
}
