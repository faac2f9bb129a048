package lambda_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// outcome is what must come of one event.
type outcome struct {
	event string // the file's name under events/, without .json
	// answer is "<status>", "allow", "deny", "Unauthorized", "ok" or "error", and a text that the answer must hold.
	answer string
	logged string // the outcome that the log line names, where the answer does not tell; "" for any one
	// published are the kinds of the events that were put on the bus, in order.
	published []string
}

// met says whether an answer, its verdict first, is the wanted one.
func (o outcome) met(answer string) bool {
	verdict, text, _ := strings.Cut(o.answer, " ")
	return strings.HasPrefix(answer, verdict+" ") && strings.Contains(answer, text)
}

// succeeds says whether the event asks for something that happens.
func (o outcome) succeeds() bool {
	return strings.HasPrefix(o.answer, "2") || strings.HasPrefix(o.answer, "ok") || strings.HasPrefix(o.answer, "allow")
}

// The table of events: files are written from it, and it says what must come of them, in process as here.
const rowsFile = "../../api/event_rows_test.go"

// outcomes are those of every file under events/. Each event meets the world of the beginning, except those of a
// rotation function, which follow one another.
func outcomes(t *testing.T) []outcome {
	t.Helper()
	logged := refusals()
	var all []outcome
	for event, answer := range rows(t) {
		all = append(all, outcome{event: event, answer: answer, logged: logged[event]})
	}
	return append(append(all, rotationOutcomes()...), auditOutcomes()...)
}

// rows reads the table: {"<file>", <event>, "<answer>"}.
func rows(t *testing.T) map[string]string {
	t.Helper()
	constants, found := map[string]ast.Expr{}, map[string]string{}
	files, err := filepath.Glob(filepath.Dir(rowsFile) + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tree *ast.File
	for _, name := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) == filepath.Base(rowsFile) {
			tree = parsed
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if c, ok := n.(*ast.ValueSpec); ok && len(c.Names) == len(c.Values) {
				for i, name := range c.Names {
					constants[name.Name] = c.Values[i]
				}
			}
			return true
		})
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		row, ok := n.(*ast.CompositeLit)
		if !ok || row.Type != nil || len(row.Elts) != 3 {
			return true
		}
		file, known := text(row.Elts[0], constants)
		if event, isFile := strings.CutSuffix(file, ".json"); known && isFile {
			answer, known := text(row.Elts[2], constants)
			if !known {
				t.Errorf("%s: write what must come of %s as literals and constants", rowsFile, file)
			}
			found[event] = answer
		}
		return true
	})
	if len(found) < 90 {
		t.Fatalf("%s has only %d rows, or another form", rowsFile, len(found))
	}
	return found
}

// text is the value of a constant expression: literals, names of constants, and sums of them.
func text(e ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.Ident:
		value, known := constants[e.Name]
		if !known {
			return "", false
		}
		return text(value, constants)
	case *ast.BinaryExpr:
		left, ok := text(e.X, constants)
		right, too := text(e.Y, constants)
		return left + right, ok && too && e.Op == token.ADD
	}
	return "", false
}

// refusals are events whose answers do not tell what has happened: all refusals of a refresh token read the same to the
// caller, and the log tells them apart (law 4).
func refusals() map[string]string {
	return map[string]string{
		"refresh": "rotated", "refresh-cookie": "rotated", "refresh-with-access-token": "rotated", "refresh-reusable": "extended",
		"refresh-expired": "expired", "refresh-reused": "reuse", "refresh-forged": "forged", "issue": "issued",
		"authenticate-refresh": "extended", "authenticate-refresh-rotating": "rotated",
		"authenticate-refresh-expired": "expired", "authenticate-refresh-reused": "reuse",
		"oauth-token": "rotated", "oauth-token-narrowed": "rotated", "oauth-token-expired": "expired", "oauth-token-reused": "reuse",
		"user-refresh-token": "rotated", "user-refresh-token-reused": "reuse",
	}
}

// rotationOutcomes are the four steps, a repeated one, and what operators and mistakes send.
func rotationOutcomes() (all []outcome) {
	for _, op := range []string{"rotate-signing-keys", "rotate-token-keys"} {
		all = append(
			all,
			outcome{op, "ok null", "rotated", nil},
			outcome{op + "-set", "ok null", "ok", nil},
			outcome{op + "-test", "ok null", "ok", nil},
			outcome{op + "-retry", "ok null", "made already", nil},
			outcome{op + "-finish", "ok null", "ok", nil},
			outcome{op + "-unknown-step", "error unknown step", "failed", nil},
			outcome{op + "-wrong-secret", "error does not rotate", "failed", nil},
			outcome{op + "-malformed", "error neither a step", "failed", nil},
			outcome{op + "-drop", "ok", "dropped", nil},
			outcome{op + "-drop-unknown", "error no key", "failed", nil},
		)
	}
	return all
}

func auditOutcomes() []outcome {
	return []outcome{
		{"audit", `ok "batchItemFailures":[]`, "ok", []string{
			"token.issued", "token.refreshed", "token.reuse_detected", "token.issued", "token.deleted", "token.issued",
			"token.expired", "token.deleted",
		}},
		{"audit-ttl", `ok "batchItemFailures":[]`, "ok", []string{"token.expired"}},
		{"audit-malformed", `ok "itemIdentifier":"`, "failed", []string{"token.issued"}}, // what comes before the malformed record
		{"audit-empty", "error it has no Records", "", nil},
	}
}
