package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

const root = "../.."

func read(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var stacks = map[string]*stack.Template{}

// deployed is template.yaml as a stack with these parameters has it, each as in "Stage=dev". Tests share it.
func deployed(t testing.TB, parameters ...string) *stack.Template {
	t.Helper()
	name := strings.Join(parameters, " ")
	if stacks[name] != nil {
		return stacks[name]
	}
	template, err := stack.Read(filepath.Join(root, "template.yaml"), pairs(parameters))
	if err != nil {
		t.Fatal(err)
	}
	stacks[name] = template
	return template
}

func pairs(parameters []string) map[string]string {
	given := map[string]string{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		given[name] = value
	}
	return given
}

// prod is the stack that samconfig.toml deploys to prod, with the issuer that its comment asks for.
func prod(t testing.TB) *stack.Template {
	t.Helper()
	return deployed(t, append(overrides(t)["prod.deploy"], "Issuer=https://tokens.example")...)
}

// overrides are the lists of parameters in samconfig.toml, by the command that takes them, such as prod.deploy.
func overrides(t testing.TB) map[string][]string {
	t.Helper()
	lists, command := map[string][]string{}, ""
	for line := range strings.Lines(read(t, "samconfig.toml")) {
		line = strings.TrimSpace(line)
		if heading, isHeading := strings.CutSuffix(line, ".parameters]"); isHeading {
			command = strings.TrimPrefix(heading, "[")
		}
		text, isList := strings.CutPrefix(line, "parameter_overrides = ")
		if !isList {
			continue
		}
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Fatal(err)
		}
		lists[command] = list
	}
	return lists
}

// ofType are the resources of one type; a type without any fails the test.
func ofType(t testing.TB, template *stack.Template, kind string) map[string]stack.Resource {
	t.Helper()
	found := map[string]stack.Resource{}
	for id, r := range template.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	if len(found) == 0 {
		t.Fatalf("the stack has no %s", kind)
	}
	return found
}

// properties are those of a resource, as a T.
func properties[T any](t testing.TB, r stack.Resource) T {
	t.Helper()
	var value T
	if err := r.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// at walks down the keys; a missing one is nil.
func at(value any, keys ...string) any {
	for _, key := range keys {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	return value
}

// texts is one text or a list of them, as CloudFormation and IAM take either.
type texts []string

func (all *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*all = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(all))
}

// ref is what !Ref of a resource evaluates to, arn what !GetAtt of its ARN does.
func ref(id string) string { return "${" + id + "}" }

func arn(id string) string { return "${" + id + ".Arn}" }

// wantEnvelope: what AWS itself answers has the shape of a function's error.
func wantEnvelope(t testing.TB, name, body string) {
	t.Helper()
	var envelope map[string]any
	err := json.Unmarshal([]byte(body), &envelope)
	message, _ := envelope["message"].(string)
	data, hasData := envelope["data"]
	if err != nil || len(envelope) != 3 || envelope["success"] != false || message == "" || !hasData || data != nil {
		t.Errorf("%s answers %s, want the envelope of an error (%v)", name, body, err)
	}
	if !strings.HasSuffix(body, "}\n") {
		t.Errorf("%s answers %q, want a line break after the body", name, body)
	}
}

func decoded(t testing.TB, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(fmt.Errorf("%w in %s", err, text))
	}
	return value
}
