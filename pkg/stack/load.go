package stack

import (
	"errors"
	"fmt"
	"os"
)

// Read is Load for a file.
func Read(name string, parameters map[string]string) (*Template, error) {
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	return Load(source, parameters)
}

// Load reads a SAM template as a stack with these parameters has it; the others take their defaults. A pseudo
// parameter such as AWS::StackName may be given too. The error lists everything that is wrong, each with its line.
func Load(source []byte, parameters map[string]string) (*Template, error) {
	root, err := parse(source)
	if err != nil {
		return nil, err
	}
	d := &document{evaluator: evaluator{
		values: pseudoParameters(), conditions: map[string]*node{}, deciding: map[string]bool{},
	}}
	t := &Template{
		Resources: map[string]Resource{}, Outputs: map[string]string{},
		Parameters: d.parameters(root.child("Parameters"), parameters),
	}
	for _, p := range root.child("Conditions").pairs {
		d.conditions[p.key] = p.value
	}
	d.rules(root.child("Rules"))
	d.resources(root, t)
	for _, p := range d.get(root, "Outputs").pairs {
		t.Outputs[p.key] = d.string(p.value, "Value")
	}
	if err := errors.Join(d.errs...); err != nil {
		return nil, fmt.Errorf("load template: %w", err)
	}
	return t, nil
}

// document collects what is wrong while it is read; readers of a faulty part get zero values.
type document struct {
	evaluator

	errs []error
}

func (d *document) fail(n *node, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("line %d: %w", n.line, fmt.Errorf(format, args...)))
}

// get walks down the keys of mappings; a missing one is absent.
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

// string is the text at the end of the keys, "" where the value is missing.
func (d *document) string(n *node, keys ...string) string {
	found := d.get(n, keys...)
	if found.kind != scalar && found.kind != absent {
		d.fail(found, "want text")
	}
	return found.text
}

// rules are checked as CloudFormation does before it changes anything.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
func (d *document) rules(declared *node) {
	for _, rule := range declared.pairs {
		if condition := rule.value.child("RuleCondition"); condition.kind != absent && !d.holds(condition) {
			continue
		}
		for _, assertion := range rule.value.child("Assertions").items {
			if !d.holds(assertion.child("Assert")) {
				d.fail(assertion, "rule %s: %s", rule.key, assertion.child("AssertDescription").text)
			}
		}
	}
}

// holds decides a condition function; one that cannot be decided is reported and counts as true.
func (d *document) holds(condition *node) bool {
	yes, err := d.decide(condition)
	if err != nil {
		d.errs = append(d.errs, err)
	}
	return yes || err != nil
}
