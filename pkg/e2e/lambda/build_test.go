package lambda_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// binaries builds every function, once for all tests, and links anew only what has changed since the last time.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "functions"))
	if err != nil {
		return "", err
	}
	return dir, runtimeapi.Build(context.Background(), dir, runtimeapi.Functions+"...")
})

// operations are the folders under functions/.
func operations(t *testing.T) (all []string) {
	t.Helper()
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(mains) < 20 {
		t.Fatalf("%d functions, %v", len(mains), err)
	}
	for _, main := range mains {
		all = append(all, filepath.Base(filepath.Dir(main)))
	}
	return all
}

// bare is a function that has only these variables.
func bare(t *testing.T, op string, env ...string) runtimeapi.Function {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return runtimeapi.Function{Name: op, Binary: filepath.Join(dir, op), Env: env}
}

type properties struct {
	Environment struct {
		Variables map[string]any `yaml:"Variables"`
	} `yaml:"Environment"`
}

// definition is what matters here of template.yaml.
type definition struct {
	Parameters map[string]struct {
		Default any `yaml:"Default"`
	} `yaml:"Parameters"`
	Globals struct {
		Function properties `yaml:"Function"`
	} `yaml:"Globals"`
	Resources map[string]struct {
		Properties properties `yaml:"Properties"`
	} `yaml:"Resources"`
}

var deployment = sync.OnceValues(func() (definition, error) {
	var d definition
	raw, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err == nil {
		err = yaml.Unmarshal(raw, &d)
	}
	return d, err
})

// variables are those that template.yaml sets for a function, each with its number, the
// default of the parameter it refers to, or "".
func variables(t *testing.T, op string) map[string]string {
	t.Helper()
	d, err := deployment()
	if err != nil {
		t.Fatal(err)
	}
	resource, found := d.Resources[stack.LogicalID(op)]
	if !found {
		t.Fatalf("template.yaml has no %s", stack.LogicalID(op))
	}
	all := map[string]string{}
	for _, set := range []map[string]any{d.Globals.Function.Environment.Variables, resource.Properties.Environment.Variables} {
		for name, value := range set {
			if strings.HasPrefix(name, "SSL_CERT_") { // nothing here speaks TLS
				continue
			}
			all[name] = ""
			if preset := d.Parameters[fmt.Sprint(value)].Default; preset != nil {
				all[name] = fmt.Sprint(preset)
			} else if literal, err := strconv.Atoi(fmt.Sprint(value)); err == nil {
				all[name] = strconv.Itoa(literal)
			}
		}
	}
	return all
}
