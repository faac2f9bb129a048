package stack

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// The go:embed directive reaches no folder above its own, so this part of template.yaml is a file of its own: a test
// compares the two, and writes it with `go test ./pkg/stack -update`.
//
//go:embed laptop.json
var laptop []byte

// Laptop is the part of template.yaml, with its parameters' defaults, that a program has with it: the API with its
// routes and gateway responses, and the table of tokens.
func Laptop() (*Template, error) {
	var t Template
	if err := json.Unmarshal(laptop, &t); err != nil {
		return nil, fmt.Errorf("read laptop.json: %w", err)
	}
	return &t, nil
}
