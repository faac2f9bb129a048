package stack

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

type kind int

const (
	absent kind = iota // null, and what AWS::NoValue removes
	scalar
	sequence
	mapping
	function // a CloudFormation function that is still to be evaluated
)

// node is a YAML value with CloudFormation's two spellings of a function, !Sub and Fn::Sub, made one.
type node struct {
	kind  kind
	line  int
	text  string // of a scalar; name of a function, such as Fn::Sub
	bare  bool   // a scalar that is a number or a boolean, not text
	items []*node
	pairs []pair // in the document's order
	arg   *node  // of a function
}

type pair struct {
	key   string
	value *node
}

func (n *node) child(key string) *node {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return &node{line: n.line}
}

// value is a scalar as a Go value.
func (n *node) value() any {
	if n.bare {
		if number, err := strconv.Atoi(n.text); err == nil {
			return number
		}
		if number, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsInf(number, 0) && !math.IsNaN(number) {
			return number
		}
		if yes, err := strconv.ParseBool(n.text); err == nil {
			return yes
		}
	}
	return n.text
}

func parse(source []byte) (*node, error) {
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, errors.New("parse template: want exactly one YAML document")
	}
	root, err := convert(file.Docs[0].Body)
	if err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	return root, nil
}

func convert(from ast.Node) (*node, error) {
	n := &node{line: lineOf(from)}
	switch from := from.(type) {
	case nil, *ast.NullNode:
		return n, nil
	case *ast.StringNode:
		n.kind, n.text = scalar, from.Value
	case *ast.LiteralNode:
		n.kind, n.text = scalar, from.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		n.kind, n.text, n.bare = scalar, from.GetToken().Value, true
	case *ast.SequenceNode:
		n.kind = sequence
		for _, value := range from.Values {
			item, err := convert(value)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case *ast.MappingNode:
		return convertMapping(n, from.Values)
	case *ast.MappingValueNode:
		return convertMapping(n, []*ast.MappingValueNode{from})
	case *ast.TagNode:
		arg, err := convert(from.Value)
		if err != nil {
			return nil, err
		}
		n.kind, n.text, n.arg = function, functionName(from.Start.Value), arg
	default: // anchors and aliases too, which CloudFormation refuses
		return nil, fmt.Errorf("line %d: a template may not hold a YAML %s", n.line, from.Type())
	}
	return n, nil
}

func convertMapping(n *node, values []*ast.MappingValueNode) (*node, error) {
	n.kind = mapping
	for _, entry := range values {
		key, err := convert(entry.Key)
		if err != nil {
			return nil, err
		}
		if key.kind != scalar {
			return nil, fmt.Errorf("line %d: a key must be plain text", key.line)
		}
		value, err := convert(entry.Value)
		if err != nil {
			return nil, err
		}
		n.pairs = append(n.pairs, pair{key.text, value})
	}
	if len(n.pairs) == 1 {
		if only := n.pairs[0]; only.key == "Ref" || strings.HasPrefix(only.key, "Fn::") {
			return &node{kind: function, line: n.line, text: only.key, arg: only.value}, nil
		}
	}
	return n, nil
}

func functionName(tag string) string {
	name := strings.TrimPrefix(tag, "!")
	if name == "Ref" || name == "Condition" {
		return name
	}
	return "Fn::" + name
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}
