package arch_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	uses   = regexp.MustCompile(`(?m)^[\s-]*uses:.*$`)
	pinned = regexp.MustCompile(`uses: [\w-]+/[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// A tag of an action can move to other code, which would run with what the workflow may do.
func TestTheWorkflowRunsWhatCIRunsWithActionsThatCannotMove(t *testing.T) {
	for file, lines := range map[string][]string{
		".github/workflows/check.yml": {"      - run: .ci/run", "permissions:\n  contents: read"},
		".ci/run":                     {"export REQUIRE_ENGINES=1", "make check"},
	} {
		for _, line := range lines {
			if !strings.Contains(read(t, file), "\n"+line+"\n") {
				t.Errorf("%s: want the line %q", file, line)
			}
		}
	}
	found := uses.FindAllString(read(t, ".github/workflows/check.yml"), -1)
	if len(found) == 0 {
		t.Error("check.yml: got no action, want the checkout at least")
	}
	for _, line := range found {
		if !pinned.MatchString(line) {
			t.Errorf("check.yml: got %q, want a commit of 40 digits and its version", line)
		}
	}
}
