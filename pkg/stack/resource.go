package stack

import (
	"errors"
	"fmt"
	"slices"
)

// resources reads every resource that the stack has, and from them its functions and its API.
func (d *document) resources(root *node, t *Template) {
	var api, auth *node
	functions := map[string]*node{}
	for _, p := range d.get(root, "Resources").pairs {
		before := len(d.errs)
		if d.wanted(p.value) {
			r, properties := d.resource(root, p.value)
			t.Resources[p.key] = r
			switch {
			case r.Type == "AWS::Serverless::Api" && api != nil:
				d.fail(p.value, "there is another API, %s", t.API.LogicalID)
			case r.Type == "AWS::Serverless::Api":
				api, auth = properties, d.get(properties, "Auth")
				t.API = d.api(p.key, properties)
			case r.Type == "AWS::Serverless::Function":
				functions[p.key] = properties
				t.Functions = append(t.Functions, d.function(p.key, properties))
			}
		}
		d.locate(p.key, before)
	}
	if api == nil {
		d.errs = append(d.errs, errors.New("the template has no AWS::Serverless::Api"))
		return
	}
	for _, f := range t.Functions {
		before := len(d.errs)
		for _, event := range d.get(functions[f.LogicalID], "Events").pairs {
			if d.string(event.value, "Type") == "Api" {
				d.route(&t.API, auth, f, d.get(event.value, "Properties"))
			}
		}
		d.locate(f.LogicalID, before)
	}
}

// locate names the resource of the errors since a number of them.
func (d *document) locate(id string, since int) {
	for i := since; i < len(d.errs); i++ {
		d.errs[i] = fmt.Errorf("resource %s: %w", id, d.errs[i])
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

// resource returns its properties as a node too, whose parts know their lines.
func (d *document) resource(root, declared *node) (Resource, *node) {
	r := Resource{
		Type:     d.string(declared, "Type"),
		Retained: d.retains(declared, "DeletionPolicy") && d.retains(declared, "UpdateReplacePolicy"),
	}
	on := d.get(declared, "DependsOn")
	if on.kind == scalar {
		r.DependsOn = []string{on.text}
	}
	for _, item := range on.items {
		r.DependsOn = append(r.DependsOn, d.string(item))
	}
	properties := d.get(declared, "Properties")
	switch r.Type {
	case "AWS::Serverless::Function":
		properties = merge(root.child("Globals").child("Function"), properties)
	case "AWS::Serverless::Api":
		properties = merge(root.child("Globals").child("Api"), properties)
	}
	value, err := d.plain(properties)
	if err != nil {
		d.errs = append(d.errs, err)
	}
	r.Properties, _ = value.(map[string]any)
	return r, properties
}

func (d *document) retains(resource *node, policy string) bool {
	return slices.Contains([]string{"Retain", "RetainExceptOnCreate"}, d.string(resource, policy))
}

// merge lays properties over SAM's Globals: mappings are merged, lists joined, anything else replaces.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
func merge(global, own *node) *node {
	switch {
	case own.kind == absent:
		return global
	case global.kind == sequence && own.kind == sequence:
		return &node{kind: sequence, line: own.line, items: slices.Concat(global.items, own.items)}
	case global.kind != mapping || own.kind != mapping:
		return own
	}
	merged := &node{kind: mapping, line: own.line}
	for _, p := range global.pairs {
		merged.pairs = append(merged.pairs, pair{p.key, merge(p.value, own.child(p.key))})
	}
	for _, p := range own.pairs {
		if !slices.ContainsFunc(global.pairs, func(g pair) bool { return g.key == p.key }) {
			merged.pairs = append(merged.pairs, p)
		}
	}
	return merged
}

// function reads a function's name and environment.
func (d *document) function(id string, properties *node) Function {
	operation, err := Operation(id)
	if err != nil {
		d.fail(properties, "%w", err)
	}
	f := Function{LogicalID: id, Operation: operation, Variables: map[string]string{}}
	for _, variable := range d.get(properties, "Environment", "Variables").pairs {
		f.Variables[variable.key] = d.string(variable.value)
	}
	return f
}
