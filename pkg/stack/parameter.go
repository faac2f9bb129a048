package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// parameters sets the value of each parameter, and refuses those that CloudFormation would refuse.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
func (d *document) parameters(declared *node, given map[string]string) map[string]string {
	inEffect := map[string]string{}
	for _, p := range declared.pairs {
		value, isGiven := given[p.key]
		standard := p.value.child("Default")
		if !isGiven && standard.kind != scalar {
			d.fail(p.value, "parameter %s has neither a value nor a default", p.key)
			continue
		}
		if !isGiven {
			value = standard.text
		}
		if err := permits(p.value, value); err != nil {
			d.fail(p.value, "parameter %s: %w", p.key, err)
		}
		inEffect[p.key] = value
		d.values[p.key] = &node{kind: scalar, text: value, bare: p.value.child("Type").text == "Number"}
	}
	for name, value := range given {
		if _, isPseudo := d.values[name]; !isPseudo {
			d.errs = append(d.errs, fmt.Errorf("the template declares no parameter %q", name))
		} else if declared.child(name).kind == absent {
			d.values[name] = textNode(declared, value)
		}
	}
	return inEffect
}

// permits says why a parameter may not have a value.
func permits(declared *node, value string) error {
	bound := func(name string) (float64, bool) {
		limit, err := strconv.ParseFloat(declared.child(name).text, 64)
		return limit, err == nil
	}
	size := float64(utf8.RuneCountInString(value))
	below, above := "MinLength", "MaxLength"
	if declared.child("Type").text == "Number" {
		var err error
		if size, err = strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
		below, above = "MinValue", "MaxValue"
	}
	if limit, isSet := bound(below); isSet && size < limit {
		return fmt.Errorf("%q is below the %s of %v", value, below, limit)
	}
	if limit, isSet := bound(above); isSet && size > limit {
		return fmt.Errorf("%q is above the %s of %v", value, above, limit)
	}
	allowed := declared.child("AllowedValues").items
	if len(allowed) > 0 && !slices.ContainsFunc(allowed, func(n *node) bool { return n.text == value }) {
		return fmt.Errorf("%q is not one of the AllowedValues", value)
	}
	pattern, err := regexp.Compile("^(?:" + declared.child("AllowedPattern").text + ")$")
	if err != nil {
		return fmt.Errorf("AllowedPattern: %w", err)
	}
	if declared.child("AllowedPattern").kind == scalar && !pattern.MatchString(value) {
		return fmt.Errorf("%q does not match the AllowedPattern", value)
	}
	return nil
}
