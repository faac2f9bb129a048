package stack_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// namespace is that of the metrics of the functions, in a stack named local.
const namespace = "local"

// The questions that the rows of the dashboard answer.
const loggedOut, stolen = "Are users being logged out?", "Is someone stealing tokens?"

// rows are the expressions of the dashboard's widgets, by the heading above them.
func rows(t testing.TB, template *stack.Template) map[string][]string {
	t.Helper()
	body := fmt.Sprint(ofType(t, template, "AWS::CloudWatch::Dashboard")["Dashboard"].Properties["DashboardBody"])
	widgets, _ := at(decoded(t, body), "widgets").([]any)
	all, heading := map[string][]string{}, ""
	for _, w := range widgets {
		if markdown, isText := at(w, "properties", "markdown").(string); isText {
			heading = strings.TrimPrefix(markdown, "# ")
		}
		metrics, _ := at(w, "properties", "metrics").([]any)
		for _, m := range metrics {
			if e, isExpression := at(m.([]any)[0], "expression").(string); isExpression {
				all[heading] = append(all[heading], e)
			}
		}
	}
	return all
}

// expressions are all of the dashboard and of the alarms that search the functions' own metrics.
func expressions(t testing.TB) []string {
	t.Helper()
	template := deployed(t)
	var own []string
	add := func(e string) {
		if strings.Contains(e, "RefreshTokens") || strings.Contains(e, "outcome") {
			own = append(own, e)
		}
	}
	for _, row := range rows(t, template) {
		for _, e := range row {
			add(e)
		}
	}
	for _, a := range alarms(t, template) {
		add(a.watched())
	}
	if len(own) < 10 {
		t.Fatalf("only %d expressions were found", len(own))
	}
	return own
}

// Stacks of one account and Region share no metric.
func TestFunctionsAlarmsAndDashboardNameOneNamespacePerStack(t *testing.T) {
	for _, f := range deployed(t).Functions {
		if got := f.Variables["METRICS_NAMESPACE"]; got != namespace {
			t.Errorf("%s counts in %q, want %q", f.LogicalID, got, namespace)
		}
	}
	for _, e := range expressions(t) {
		counts := strings.Contains(e, `{"`+namespace+`",op,outcome} MetricName="requests"`)
		measures := regexp.MustCompile(`{"` + namespace + `",op} MetricName="(ms|dynamodbCalls)"`).MatchString(e)
		if !counts && !measures && !strings.Contains(e, `SCHEMA("`+namespace+`", op, outcome)`) {
			t.Errorf("%s searches elsewhere, want %s", e, namespace)
		}
	}
}

// An outcome that no function writes would show a calm line for ever.
func TestDashboardAndAlarmsNameOutcomesThatFunctionsWrite(t *testing.T) {
	operations, authorizer := outcomes(t)
	for _, e := range expressions(t) {
		written := slices.Concat(operations, authorizer)
		ops := named(e, "op")
		if len(ops) > 0 {
			written = operations
		}
		if slices.Contains(ops, "authorizer") {
			written = authorizer
		}
		for _, op := range ops {
			if _, err := os.Stat(filepath.Join(root, "functions", op)); err != nil {
				t.Errorf("%s: no function is called %s", e, op)
			}
		}
		for _, outcome := range named(e, "outcome") {
			if !slices.Contains(written, outcome) {
				t.Errorf("%s: no function writes the outcome %q, want one of %q", e, outcome, written)
			}
		}
	}
}

// "Are users being logged out?": each refusal of a refresh is one of the reasons, each grant one of the grants.
func TestNoOutcomeOfARefreshIsMissingOnTheDashboard(t *testing.T) {
	operations, authorizer := outcomes(t)
	all := rows(t, deployed(t))
	shown := named(strings.Join(all[loggedOut], " "), "outcome")
	for _, outcome := range operations {
		if !slices.Contains(shown, outcome) {
			t.Errorf("%q answers with %q, want %q too", loggedOut, shown, outcome)
		}
	}
	shown = append(named(strings.Join(all[stolen], " "), "outcome"), "allowed", "unavailable", "failed")
	for _, outcome := range append(authorizer, "reuse", "forged") {
		if !slices.Contains(shown, outcome) {
			t.Errorf("%q answers with %q, want %q too", stolen, shown, outcome)
		}
	}
}

// named are the values that expressions ask of a dimension.
func named(expressions, dimension string) []string {
	var values []string
	for _, asked := range regexp.MustCompile(dimension+` ?= ?(\([^)]*\)|"[^"]*"|'[^']*')`).FindAllString(expressions, -1) {
		for _, quoted := range regexp.MustCompile(`"[^"]*"|'[^']*'`).FindAllString(asked, -1) {
			values = append(values, quoted[1:len(quoted)-1])
		}
	}
	return values
}

// outcomes are those that operations write, and those that the authorizer writes, as their sources have them.
func outcomes(t testing.TB) (operations, authorizer []string) {
	t.Helper()
	operations = slices.Concat(texts{"ok"}, // of an answer without an outcome of its own
		literals(t, "pkg/frame", func(d ast.Decl) bool { return isFunction(d, "Outcome") }),
		literals(t, "pkg/session", func(d ast.Decl) bool { return isConstants(d, "Outcome") }))
	return operations, literals(t, "pkg/authorizer", func(d ast.Decl) bool { return isFunction(d, "outcomeOf") })
}

// literals are the strings in some declarations of a package.
func literals(t testing.TB, dir string, wanted func(ast.Decl) bool) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if !wanted(d) {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if l, isLiteral := n.(*ast.BasicLit); isLiteral && l.Kind == token.STRING && l.Value != `""` {
					found = append(found, strings.Trim(l.Value, `"`))
				}
				return true
			})
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s: got no outcome, want some", dir)
	}
	return found
}

func isFunction(d ast.Decl, name string) bool {
	f, isFunc := d.(*ast.FuncDecl)
	return isFunc && f.Name.Name == name
}

// isConstants is true for constants of a type.
func isConstants(d ast.Decl, name string) bool {
	g, isGen := d.(*ast.GenDecl)
	if !isGen || g.Tok != token.CONST {
		return false
	}
	typ, isNamed := g.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident)
	return isNamed && typ.Name == name
}
