package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/stencil-auth/refresh-tokens/pkg/openapi"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

func load(t testing.TB) *openapi3.T {
	t.Helper()
	text, err := openapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func routes(t testing.TB) []stack.Route {
	t.Helper()
	template, err := stack.Read("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return template.API.Routes
}

func TestTheDocumentIsOpenAPI31AndItsExamplesFit(t *testing.T) {
	t.Parallel()
	document := load(t)
	if !strings.HasPrefix(document.OpenAPI, "3.1.") {
		t.Errorf("got OpenAPI %s, want 3.1", document.OpenAPI)
	}
	if err := document.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
	if text, _ := openapi.JSON(); strings.Contains(string(text), "x-anchors") {
		t.Error("got x-anchors in the served document, want it in the YAML alone")
	}
}

// A key beside a YAML merge that has it too is served twice.
func TestNoKeyOfTheDocumentIsDoubled(t *testing.T) {
	t.Parallel()
	text, err := openapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := doubled(decoder, "document"); err != nil {
		t.Error(err)
	}
	if doubled(json.NewDecoder(strings.NewReader(`{"a": [{"b": 1, "b": 1}]}`)), "document") == nil {
		t.Error("got no error for a doubled key, want one")
	}
}

// doubled reads one value and reports the first key that an object of it has twice.
func doubled(decoder *json.Decoder, where string) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	seen := map[any]bool{}
	for token == json.Delim('{') || token == json.Delim('[') {
		if !decoder.More() {
			_, err = decoder.Token()
			return err
		}
		within := where
		if token == json.Delim('{') {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			if within = fmt.Sprint(where, " > ", key); seen[key] {
				return fmt.Errorf("%s is doubled", within)
			}
			seen[key] = true
		}
		if err := doubled(decoder, within); err != nil {
			return err
		}
	}
	return nil
}

func TestTheDocumentHasTheRoutesOfTheTemplateAndNoOther(t *testing.T) {
	t.Parallel()
	described := map[string]bool{}
	for path, item := range load(t).Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+path] = true
		}
	}
	for _, r := range routes(t) {
		if name := r.Method + " " + r.Path; !described[name] {
			t.Errorf("%s is deployed but not described", name)
		} else {
			delete(described, name)
		}
	}
	for name := range described {
		// One preflight serves every method of a path.
		t.Errorf("%s is described but not deployed", name)
	}
}

func TestAnOperationIDBeginsWithTheNameOfItsFunction(t *testing.T) {
	t.Parallel()
	document := load(t)
	for _, r := range routes(t) {
		operation := document.Paths.Find(r.Path).GetOperation(r.Method)
		if want := camel(r.Operation); r.Method != "OPTIONS" && !strings.HasPrefix(operation.OperationID, want) {
			t.Errorf("%s %s: got operationId %s, want %s", r.Method, r.Path, operation.OperationID, want)
		}
	}
}

func camel(operation string) string {
	words := strings.Split(operation, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

func TestEveryOperationNamesItsCredentials(t *testing.T) {
	t.Parallel()
	document := load(t)
	for _, r := range routes(t) {
		operation := document.Paths.Find(r.Path).GetOperation(r.Method)
		if operation.Security == nil {
			t.Errorf("%s %s says nothing about credentials", r.Method, r.Path)
			continue
		}
		everyone := len(*operation.Security) == 0
		for _, requirement := range *operation.Security {
			_, tenant := requirement["tenant"]
			_, key := requirement["apiKey"] // names its tenant itself
			everyone = everyone || !tenant && !key
		}
		if everyone != (r.Authorizer == "") {
			t.Errorf("%s %s: authorizer %q, but the document asks for %v", r.Method, r.Path, r.Authorizer, *operation.Security)
		}
	}
}

// Throttles, 500 and 503 may come from anywhere; what may be guarded says 401 and 403.
func TestEveryOperationNamesItsStatuses(t *testing.T) {
	t.Parallel()
	for path, item := range load(t).Paths.Map() {
		for method, operation := range item.Operations() {
			want := []string{"429", "500", "503"}
			if operation.RequestBody != nil {
				want = append(want, "400", "413")
			}
			if slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool { return len(r["tenant"]) == 0 && r["tenant"] != nil }) {
				want = append(want, "401", "403")
			}
			if method == "OPTIONS" {
				want = []string{"204"}
			}
			for _, status := range want {
				if operation.Responses.Value(status) == nil {
					t.Errorf("%s %s does not name status %s", method, path, status)
				}
			}
		}
	}
}

// Each form that the contract prints for POST /jwt/refresh is there, with an example.
func TestEveryDocumentedFormOfRefreshHasAnExample(t *testing.T) {
	t.Parallel()
	media := load(t).Paths.Find("/jwt/refresh").Post.RequestBody.Value.Content.Get("application/json")
	forms := map[string]bool{}
	for _, example := range media.Examples {
		value, _ := example.Value.Value.(map[string]any)
		var keys []string
		for key := range value {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		forms[strings.Join(keys, " ")] = true
	}
	for _, form := range []string{
		"refreshToken", "refreshToken token", "", "id", "userId", "operation userId", "applicationsId userId", "tokenId", "TokenString", "applicationsId",
	} {
		if !forms[form] {
			t.Errorf("no example with the keys %q", form)
		}
	}
	if len(media.Schema.Value.OneOf) < 8 {
		t.Errorf("got %d forms in oneOf, want at least 8", len(media.Schema.Value.OneOf))
	}
}
