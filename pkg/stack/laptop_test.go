package stack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

var update = flag.Bool("update", false, "write laptop.json and testdata/ids.txt anew")

func TestTheProgramOnALaptopHasTheRoutesAndTheTableOfTheTemplate(t *testing.T) {
	const table = "TokenTable"
	template := deployed(t)
	part := stack.Template{API: template.API, Resources: map[string]stack.Resource{table: template.Resources[table]}}
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(part); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("laptop.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the test binary has the old one
	}
	laptop, err := stack.Laptop()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("laptop.json")
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("laptop.json is not of this template (%v): go test ./pkg/stack -run Laptop -update writes it anew", err)
	}
	if diff := cmp.Diff(part.API, laptop.API); diff != "" || laptop.Resources[table].Type != "AWS::DynamoDB::Table" {
		t.Errorf("API (-template +laptop):\n%s\nthe table is a %q", diff, laptop.Resources[table].Type)
	}
}
