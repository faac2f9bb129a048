package arch_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

var (
	heading = regexp.MustCompile(`(?m)^### (.*)$`)
	helper  = regexp.MustCompile(`\b(output|resource|invoke|insights) ([A-Z]\w+)`)
)

// The alarms of single functions share one heading.
func TestTheRunbookHasEveryAlarmAndNamesWhatTheStackHas(t *testing.T) {
	runbook := read(t, "functions/README.md")
	template, err := stack.Read(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range directories(t, "functions") {
		if !strings.Contains(runbook, "`"+op+"`") {
			t.Errorf("functions/README.md: got no row for the function %s, want one", op)
		}
	}
	headings := strings.Join(heading.FindAllString(runbook, -1), "\n")
	for id, resource := range template.Resources {
		ofFunction := strings.HasSuffix(id, "Errors") || strings.HasSuffix(id, "Throttles")
		if resource.Type == "AWS::CloudWatch::Alarm" && !ofFunction && !strings.Contains(headings, "`"+id+"`") {
			t.Errorf("functions/README.md: got no heading for the alarm %s, want one", id)
		}
	}
	for name := range template.Outputs {
		if strings.HasPrefix(name, "Query") && !strings.Contains(runbook, "insights "+name+" ") {
			t.Errorf("functions/README.md: got no use of %s, want one under its question", name)
		}
	}
	for _, call := range helper.FindAllStringSubmatch(runbook, -1) {
		_, found := template.Outputs[call[2]]
		if call[1] == "resource" {
			_, found = template.Resources[call[2]]
		}
		if !found {
			t.Errorf("functions/README.md: %s is not in template.yaml", call[0])
		}
	}
}
