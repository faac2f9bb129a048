package lambda_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
)

var missing = regexp.MustCompile(`\b([A-Z][A-Z_]+) is not set`)

// With the variables that it names the function starts, and the template gives it all of them.
func TestAFunctionWithoutItsVariablesNamesEachAndEnds(t *testing.T) {
	account := newAccount(t)
	for _, op := range operations(t) {
		if op == "preflight" { // no variable of its own is needed
			continue
		}
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			p := account.within(t)
			var ended *runtimeapi.ExitError
			_, err := runtimeapi.Start(t.Context(), bare(t, op))
			if !errors.As(err, &ended) || ended.State.ExitCode() == 0 {
				t.Fatalf("without variables: got %v, want an exit with an error", err)
			}
			given := variables(t, op)
			var env, names []string
			for _, found := range missing.FindAllStringSubmatch(ended.Stderr, -1) {
				if _, deployed := given[found[1]]; !deployed {
					t.Errorf("template.yaml does not give %s", found[1])
				}
				names = append(names, found[1])
				env = append(env, found[1]+"="+p.Value(found[1], given[found[1]]))
			}
			if len(names) == 0 {
				t.Fatalf("got no variable named, want some:\n%s", ended.Stderr)
			}
			process, err := runtimeapi.Start(t.Context(), bare(t, op, env...))
			if err != nil {
				t.Fatalf("with %v alone: got %v, want a start", names, err)
			}
			_ = process.Close()
			p.wantNamedAlone(op, env)
		})
	}
}

// wantNamedAlone leaves out one variable after the other.
func (p *account) wantNamedAlone(op string, env []string) {
	p.t.Helper()
	for i, left := range env {
		var ended *runtimeapi.ExitError
		_, err := runtimeapi.Start(p.t.Context(), bare(p.t, op, slices.Delete(slices.Clone(env), i, i+1)...))
		if !errors.As(err, &ended) {
			p.t.Errorf("without %s: got %v, want an exit", left, err)
			continue
		}
		name := regexp.MustCompile(`^\w+`).FindString(left)
		if found := missing.FindAllStringSubmatch(ended.Stderr, -1); len(found) != 1 || found[0][1] != name {
			p.t.Errorf("without %s: got\n%s\nwant it named alone", name, ended.Stderr)
		}
	}
}
