package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// Every event meets every function in the same account in pkg/e2e/lambda: here is what the command adds.
func TestOneInvocationPrintsAnswerLogAndTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds functions and starts DynamoDB Local")
	}
	t.Chdir("../../..")
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for name, c := range map[string]struct {
		op, event string
		want      []string
	}{
		"an answer":  {"refresh", "", []string{`"success": true`, `"refreshToken": "srt_`, `"outcome":"rotated"`, "time   init "}},
		"a refusal":  {"refresh", "events/refresh-reused.json", []string{`"code": "invalid_refresh_token"`, `"outcome":"reuse"`}},
		"an error":   {"authorizer", "events/authorizer-missing.json", []string{"error  errorString: Unauthorized"}},
		"a rotation": {"rotate-signing-keys", "events/rotate-signing-keys.json", []string{"answer ", "time   init "}},
	} {
		var out strings.Builder
		err := run(c.op, c.event, &out)
		if errors.Is(err, dynamotest.ErrUnavailable) && os.Getenv("REQUIRE_ENGINES") != "1" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: got\n%s\nwant %s", name, &out, want)
			}
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want nothing left", left, err)
	}
}

func TestAnUnknownFunctionIsRefusedWithTheNamesOfAll(t *testing.T) {
	t.Chdir("../../..")
	err := run("refrsh", "", &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "OP=refrsh is no function; the functions are audit, ") {
		t.Errorf("got %v, want the names of all functions", err)
	}
}
