package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/dynamolocal"
)

// Laws 4 and 5: what an operation costs does not depend on how many sessions there are.
func TestRequestsDoNotGrowWithTheNumberOfSessions(t *testing.T) {
	want := [...]string{
		"GetItem:1 UpdateItem:1", "BatchGetItem:1 Query:1", "UpdateItem:1", "BatchGetItem:1 BatchWriteItem:1 Query:1",
	}
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := dynamolocal.Start(t)
	for _, sessions := range []int{100, 1_000, 10_000} {
		p, err := inTable(t.Context(), endpoint, template, sessions)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			got, err := p.round(t.Context())
			if err != nil {
				t.Fatalf("%d sessions: %v", sessions, err)
			}
			for n, operation := range operations {
				if got[n].requests != want[n] {
					t.Errorf("%d sessions: %s sent %s, want %s", sessions, operation, got[n].requests, want[n])
				}
			}
		}
	}
}

// What "make scale" runs, over stores small enough for every run of the tests.
func TestTheTableNamesEveryOperation(t *testing.T) {
	var out strings.Builder
	err := comparison{"embedded store", []int{100, 200}, 2, func(sessions int) (*place, error) {
		return onDisk(t.Context(), t.TempDir(), sessions)
	}}.run(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range operations {
		if !strings.Contains(out.String(), "\n"+operation+" ") {
			t.Errorf("%s is missing:\n%s", operation, out.String())
		}
	}
}
