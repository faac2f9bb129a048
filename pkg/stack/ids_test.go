package stack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A resource whose logical id or type changes is another one to CloudFormation: a stack that is updated makes it anew, and
// what the old one held stays behind.
func TestLogicalIdsAreThoseOfTheVersionsBefore(t *testing.T) {
	_, resources, _ := strings.Cut(read(t, "template.yaml"), "\nResources:\n")
	resources, _, _ = strings.Cut(resources, "\nOutputs:\n")
	var got []string
	for _, found := range regexp.MustCompile(`(?m)^  (\w+):\n    Type: (\S+)$`).FindAllStringSubmatch(resources, -1) {
		got = append(got, found[1]+" "+found[2])
	}
	slices.Sort(got)
	file := filepath.Join("testdata", "ids.txt")
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for _, id := range want {
		if !slices.Contains(got, id) {
			t.Errorf("the template has no %s, which earlier versions have", id)
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("%s is new: go test ./pkg/stack -run LogicalIds -update adds it to %s", id, file)
		}
	}
	if len(got) < 100 {
		t.Errorf("got %d resources, want those of the template", len(got))
	}
}
