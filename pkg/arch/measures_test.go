package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The measures of the code. A longer piece that reads better may stay: longer has its reason.
const (
	maxFileLines     = 300
	maxFunctionLines = 50
	maxParameters    = 5
	maxMethods       = 5
	maxMainLines     = 30
	minDocumented    = 0.95
)

// longer lists what may exceed a measure, and why.
var longer = map[string]string{
	"pkg/session.Store":  "what a store implements and the contract suite takes; no verb does",
	"pkg/operator.Store": "what nine functions share in one value; each uses one to three",
}

func TestCodeKeepsItsMeasures(t *testing.T) {
	exported, documented := 0, 0
	packageDocs := map[string]bool{}
	eachGoFile(t, func(file string) {
		source, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		over := func(name string, n, limit int) {
			if n > limit && longer[name] == "" {
				t.Errorf("%s: %d, more than %d; split it, or give a reason in pkg/arch", name, n, limit)
			}
		}
		test := strings.HasSuffix(file, "_test.go")
		over(file, bytes.Count(source, []byte("\n")), maxFileLines)
		if !test {
			dir := path.Dir(file)
			packageDocs[dir] = packageDocs[dir] || strings.Contains(parsed.Doc.Text(), " owns ") ||
				strings.HasPrefix(dir, "functions/") && parsed.Doc.Text() != ""
		}
		if strings.HasPrefix(file, "functions/") {
			over(file, bytes.Count(source, []byte("\n")), maxMainLines)
		}
		for _, d := range parsed.Decls {
			fn, isFunc := d.(*ast.FuncDecl)
			if isFunc && !test {
				lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
				over(file+":"+fn.Name.Name, lines, maxFunctionLines)
				over(file+":"+fn.Name.Name+" parameters", fn.Type.Params.NumFields(), maxParameters)
			}
			if !test {
				e, d := documentation(d)
				exported, documented = exported+e, documented+d
			}
		}
	})
	for dir, has := range packageDocs {
		if !has {
			t.Errorf("%s: no package doc says what the package owns", dir)
		}
	}
	if share := float64(documented) / float64(exported); share < minDocumented {
		t.Errorf("%.1f %% of the exported names are documented, less than %.0f %%", 100*share, 100*minDocumented)
	}
}

// documentation counts the exported names that a declaration makes, and those with a doc comment.
func documentation(d ast.Decl) (exported, documented int) {
	count := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		exported++
		if slices.ContainsFunc(docs, func(doc *ast.CommentGroup) bool { return doc.Text() != "" }) {
			documented++
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		stringer := slices.Contains([]string{"String", "GoString", "Format", "LogValue", "MarshalText", "MarshalJSON", "Error"}, d.Name.Name)
		if !stringer { // fmt, slog and encoding say what these do
			count(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				count(spec.Name, d.Doc, spec.Doc)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					count(name, d.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return exported, documented
}

func TestTopLevelIsFixed(t *testing.T) {
	fixed := []string{"functions", "pkg", "template.yaml", "samconfig.toml", "events", "Makefile", "go.mod", "go.sum", "README.md"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(fixed, e.Name()) {
			t.Errorf("%s does not belong to the top level", e.Name())
		}
	}
	for _, name := range fixed {
		if !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name }) {
			t.Errorf("%s is missing", name)
		}
	}
}
