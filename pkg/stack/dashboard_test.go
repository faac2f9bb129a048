package stack_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// namespace is the one that the functions of a stack count in; stacks of one account and Region share no metric.
const namespace = "RefreshTokens/${AWS::StackName}"

type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Markdown string
		Metrics         [][]any
	}
}

func (w widget) expressions() []string {
	var all []string
	for _, m := range w.Properties.Metrics {
		if e, ok := at(m[0], "expression").(string); ok {
			all = append(all, e)
		}
	}
	return all
}

// dashboard is the widgets, with ${...} of the template as it stands.
func dashboard(t *testing.T) []widget {
	t.Helper()
	body := fmt.Sprint(ofType(t, "AWS::CloudWatch::Dashboard", 1)["Dashboard"]["DashboardBody"])
	numbers := regexp.MustCompile(`: \$\{[^}]*\}`) // a parameter that is a number
	var parsed struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(numbers.ReplaceAllString(body, ": 1")), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Widgets
}

// row is the widgets under a heading.
func row(t *testing.T, heading string) []widget {
	t.Helper()
	all := dashboard(t)
	i := slices.IndexFunc(all, func(w widget) bool { return w.Properties.Markdown == "# "+heading })
	if i < 0 {
		t.Fatalf("no heading %q", heading)
	}
	all = all[i+1:]
	if end := slices.IndexFunc(all, func(w widget) bool { return w.Type == "text" }); end >= 0 {
		all = all[:end]
	}
	return all
}

const loggedOut, stolen = "Are users being logged out?", "Is someone stealing tokens?"

func TestTheDashboardIsRowsOfWidgetsThatAnswerQuestions(t *testing.T) {
	for _, question := range []string{loggedOut, stolen, "Is the service well, and what does it cost?"} {
		next := 0
		for _, w := range row(t, question) {
			if w.X != next || w.Type != "metric" || len(w.Properties.Metrics) == 0 {
				t.Errorf("%s: %q stands at %d, want %d", question, w.Properties.Title, w.X, next)
			}
			next = w.X + w.Width
		}
		if next != 24 {
			t.Errorf("%s: the row is %d wide, want 24", question, next)
		}
	}
	expressions(t)
}

// expressions are all of the dashboard and of the alarms that search the functions' own metrics.
func expressions(t *testing.T) []string {
	t.Helper()
	var own []string
	for _, w := range dashboard(t) {
		for _, e := range w.expressions() {
			if strings.Contains(e, "RefreshTokens") || strings.Contains(e, "outcome") {
				own = append(own, e)
			}
		}
	}
	for _, a := range ofType(t, "AWS::CloudWatch::Alarm", 40) {
		if e := watched(a); strings.Contains(e, "RefreshTokens") || strings.Contains(e, "outcome") {
			own = append(own, e)
		}
	}
	if len(own) < 10 {
		t.Fatalf("only %d expressions were found", len(own))
	}
	return own
}

func TestFunctionsAlarmsAndDashboardNameOneNamespacePerStack(t *testing.T) {
	all := sections(t)
	if got := fmt.Sprint(at(all, "Globals", "Function", "Environment", "Variables", "METRICS_NAMESPACE")); got != namespace {
		t.Errorf("functions count in %s", got)
	}
	for id, f := range ofType(t, "AWS::Serverless::Function", 20) {
		if own := at(f, "Environment", "Variables", "METRICS_NAMESPACE"); own != nil {
			t.Errorf("%s counts in %v", id, own)
		}
	}
	for _, e := range expressions(t) {
		if !strings.Contains(e, `{"`+namespace+`",op,outcome} MetricName=`) && !strings.Contains(e, `SCHEMA("`+namespace+`", op, outcome)`) {
			t.Errorf("%s does not look into the stack's namespace", e)
		}
	}
}

// A line below the level of the log is no metric.
func TestNoLogLevelHidesTheMetrics(t *testing.T) {
	level := at(sections(t), "Parameters", "LogLevel")
	if got := fmt.Sprint(at(level, "AllowedValues")); got != "[DEBUG INFO]" {
		t.Errorf("the least severe line may be one of %s", got)
	}
}

// literals are the strings in a function of a file: the outcomes that it returns.
func literals(t *testing.T, file, function string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == function {
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil && text != "" {
						found = append(found, text)
					}
				}
				return true
			})
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no function %s that names an outcome", file, function)
	}
	return found
}

// outcomes are those that operations write, and those that the authorizer writes.
func outcomes(t *testing.T) (operations, authorizer []string) {
	t.Helper()
	operations = slices.Concat(
		literals(t, "../api/fault.go", "outcomeOf"), literals(t, "../api/handler.go", "outcome"),
		[]string{string(session.Issued), string(session.Rotated), string(session.Retried), string(session.Extended)},
	)
	return operations, literals(t, "../authorizer/handler.go", "outcomeOf")
}

// named are the values that an expression asks of a dimension.
func named(expression, dimension string) []string {
	var values []string
	for _, asked := range regexp.MustCompile(dimension+` ?= ?(\([^)]*\)|"[^"]*"|'[^']*')`).FindAllString(expression, -1) {
		for _, quoted := range regexp.MustCompile(`"[^"]*"|'[^']*'`).FindAllString(asked, -1) {
			values = append(values, quoted[1:len(quoted)-1])
		}
	}
	return values
}

// A word that no function writes would show a calm line for ever.
func TestDashboardShowsTheMetricsThatFunctionsWrite(t *testing.T) {
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
			if _, err := os.Stat("../../functions/" + op); err != nil {
				t.Errorf("%s: no function is called %s", e, op)
			}
		}
		for _, outcome := range named(e, "outcome") {
			if !slices.Contains(written, outcome) {
				t.Errorf("%s: no function writes the outcome %q", e, outcome)
			}
		}
	}
}

// "Are users being logged out?": each refusal of a refresh is one of the reasons, each grant one of the grants.
func TestNoOutcomeOfARefreshIsMissingOnTheDashboard(t *testing.T) {
	operations, authorizer := outcomes(t)
	shown := shownUnder(t, loggedOut)
	for _, outcome := range operations {
		if !slices.Contains(shown, outcome) {
			t.Errorf("%q is no part of the answer to %q", outcome, loggedOut)
		}
	}
	shown = shownUnder(t, stolen)
	for _, outcome := range append(authorizer, "reuse", "forged") {
		if !slices.Contains(shown, outcome) && !slices.Contains([]string{"allowed", "unavailable", "failed"}, outcome) {
			t.Errorf("%q is no part of the answer to %q", outcome, stolen)
		}
	}
}

func shownUnder(t *testing.T, question string) []string {
	t.Helper()
	var shown []string
	for _, w := range row(t, question) {
		for _, e := range w.expressions() {
			shown = append(shown, named(e, "outcome")...)
		}
	}
	return shown
}
