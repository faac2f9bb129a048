package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// port is an interface of this module: its own methods and the ports that it embeds. Ports are named by their
// directory and name.
type port struct {
	methods  int
	embedded []string
}

// A verb asks for what it needs, so a port is small, what it embeds included.
func TestPortsHaveFewMethods(t *testing.T) {
	ports := map[string]port{}
	eachGoFile(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if declared, ok := spec.Type.(*ast.InterfaceType); ok {
					ports[path.Dir(file)+"."+spec.Name.Name] = portOf(t, path.Dir(file), parsed, declared)
				}
			}
			return true
		})
	})
	if len(ports) < 10 {
		t.Fatalf("got %d interfaces, want at least 10: the walk is broken", len(ports))
	}
	for name := range ports {
		if n := methodsOf(ports, name); n > maxMethods && longer[name] == "" {
			t.Errorf("%s has %d methods, want at most %d; split it, or give a reason in pkg/arch", name, n, maxMethods)
		}
	}
}

func portOf(t *testing.T, dir string, file *ast.File, declared *ast.InterfaceType) (p port) {
	t.Helper()
	for _, field := range declared.Methods.List {
		switch embedded := field.Type.(type) {
		case *ast.Ident:
			p.embedded = append(p.embedded, dir+"."+embedded.Name)
		case *ast.SelectorExpr:
			p.embedded = append(p.embedded, imported(t, file, embedded.X.(*ast.Ident).Name)+"."+embedded.Sel.Name)
		case *ast.FuncType:
			p.methods += len(field.Names)
		}
	}
	return p
}

// imported is the directory of the package that a file calls name.
func imported(t *testing.T, file *ast.File, name string) string {
	t.Helper()
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && path.Base(imported) == name {
			return strings.TrimPrefix(imported, module+"/")
		}
	}
	return name
}

// methodsOf counts through embedding; a port of another module counts as one method.
func methodsOf(ports map[string]port, name string) int {
	p, known := ports[name]
	if !known {
		return 1
	}
	n := p.methods
	for _, embedded := range p.embedded {
		n += methodsOf(ports, embedded)
	}
	return n
}
