package stack

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Load reads a SAM template as a stack with these parameters would have it; parameters that are not given take
// their defaults. The error lists everything that is wrong, each with its line.
func Load(source []byte, params map[string]string) (*API, error) {
	root, err := parse(source)
	if err != nil {
		return nil, err
	}
	d := &document{evaluator: evaluator{
		values: pseudoParameters(), conditions: map[string]*node{}, deciding: map[string]bool{},
	}}
	d.parameters(root.child("Parameters"), params)
	for _, p := range root.child("Conditions").pairs {
		d.conditions[p.key] = p.value
	}
	api := d.api(root)
	if err := errors.Join(d.errs...); err != nil {
		return nil, fmt.Errorf("load template: %w", err)
	}
	return api, nil
}

// document collects what is wrong while it is read; readers of a faulty part get zero values.
type document struct {
	evaluator

	errs []error
}

func (d *document) fail(n *node, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("line %d: %w", n.line, fmt.Errorf(format, args...)))
}

// get walks down the keys of mappings; what is not there is absent.
func (d *document) get(n *node, keys ...string) *node {
	for i := 0; ; i++ {
		plain, err := d.resolve(n)
		if err != nil {
			d.errs = append(d.errs, err)
			return &node{line: n.line}
		}
		if i == len(keys) {
			return plain
		}
		if plain.kind != absent && plain.kind != mapping {
			d.fail(plain, "want a mapping with %s", keys[i])
			return &node{line: n.line}
		}
		n = plain.child(keys[i])
	}
}

// string is the text at the end of the keys, "" when there is none.
func (d *document) string(n *node, keys ...string) string {
	found := d.get(n, keys...)
	if found.kind != scalar && found.kind != absent {
		d.fail(found, "want text")
	}
	return found.text
}

func (d *document) parameters(declared *node, given map[string]string) {
	for _, p := range declared.pairs {
		value, isGiven := given[p.key]
		standard := p.value.child("Default")
		switch {
		case isGiven:
			d.values[p.key] = value
		case standard.kind == scalar:
			d.values[p.key] = standard.text
		default:
			d.fail(p.value, "parameter %s has neither a value nor a default", p.key)
		}
	}
	for name := range maps.Keys(given) {
		if declared.child(name).kind == absent {
			d.errs = append(d.errs, fmt.Errorf("the template declares no parameter %q", name))
		}
	}
}

// resources visits the resources of one type that the stack would have.
func (d *document) resources(root *node, kind string, visit func(id string, properties *node)) {
	for _, p := range d.get(root, "Resources").pairs {
		before := len(d.errs)
		if d.string(p.value, "Type") == kind && d.wanted(p.value) {
			visit(p.key, d.get(p.value, "Properties"))
		}
		for i := before; i < len(d.errs); i++ {
			d.errs[i] = fmt.Errorf("resource %s: %w", p.key, d.errs[i])
		}
	}
}

func (d *document) wanted(resource *node) bool {
	name := d.string(resource, "Condition")
	if name == "" {
		return true
	}
	yes, err := d.named(name)
	if err != nil {
		d.fail(resource, "%w", err)
	}
	return yes
}

func (d *document) api(root *node) *API {
	var api *API
	var auth *node
	for _, p := range d.get(root, "Globals", "Api").pairs {
		if p.key == "Auth" || p.key == "GatewayResponses" {
			d.fail(p.value, "%s belongs into the API itself, not into Globals", p.key)
		}
	}
	d.resources(root, "AWS::Serverless::Api", func(id string, properties *node) {
		if api != nil {
			d.fail(properties, "there is another API, %s", api.LogicalID)
		}
		api = &API{LogicalID: id, Stage: d.string(properties, "StageName")}
		api.Responses = d.responses(d.get(properties, "GatewayResponses"))
		auth = d.get(properties, "Auth")
	})
	if api == nil {
		d.errs = append(d.errs, errors.New("the template has no AWS::Serverless::Api"))
		return nil
	}
	d.resources(root, "AWS::Serverless::Function", func(id string, properties *node) {
		operation, err := Operation(id)
		if err != nil {
			d.fail(properties, "%w", err)
		}
		f := Function{LogicalID: id, Operation: operation}
		api.Functions = append(api.Functions, f)
		for _, event := range d.get(properties, "Events").pairs {
			if d.string(event.value, "Type") == "Api" {
				d.route(api, auth, f, d.get(event.value, "Properties"))
			}
		}
	})
	return api
}

func (d *document) responses(declared *node) map[string]Response {
	responses := map[string]Response{}
	for _, p := range declared.pairs {
		r := Response{Headers: map[string]string{}, Body: d.string(p.value, "ResponseTemplates", "application/json")}
		if status := d.get(p.value, "StatusCode"); status.kind != absent {
			var err error
			r.Status, err = strconv.Atoi(status.text)
			if err != nil || r.Status < 200 || r.Status > 599 {
				d.fail(status, "%s: %q is no status code", p.key, status.text)
			}
			if strings.HasPrefix(p.key, "DEFAULT_") {
				d.fail(status, "%s would give every error the one status %q", p.key, status.text)
			}
		}
		for _, header := range d.get(p.value, "ResponseParameters", "Headers").pairs {
			if expression := d.get(header.value); expression.kind != absent {
				r.Headers[header.key] = d.string(expression)
			}
		}
		responses[p.key] = r
	}
	return responses
}
