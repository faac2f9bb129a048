// Package openapi owns the description of the HTTP surface as an OpenAPI 3.1 document, and the page that shows it and
// tries it out. It must never decide anything: the document follows the handlers and the template, tests compare the
// three, and no deployed function depends on it.
package openapi

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

// anchors is the key of what the YAML file shares among operations.
const anchors = "x-anchors"

//go:embed openapi.yaml
var source []byte

// JSON is the document as JSON, in its own order and with the YAML's aliases written out.
func JSON() ([]byte, error) {
	var document yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(source, &document, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	document = slices.DeleteFunc(document, func(item yaml.MapItem) bool { return item.Key == anchors })
	text, err := yaml.MarshalWithOptions(document, yaml.JSON())
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return text, nil
}
