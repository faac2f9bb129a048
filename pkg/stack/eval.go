package stack

import (
	"fmt"
	"strconv"
	"strings"
)

// evaluator computes CloudFormation's functions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
type evaluator struct {
	values     map[string]*node // parameters and pseudo parameters
	conditions map[string]*node
	deciding   map[string]bool // conditions under evaluation: one that needs itself is an error
}

// The pseudo parameters have the values that sam local gives them.
func pseudoParameters() map[string]*node {
	values := map[string]*node{}
	for name, value := range map[string]string{
		"AWS::AccountId": "123456789012", "AWS::Region": "us-east-1", "AWS::Partition": "aws",
		"AWS::URLSuffix": "amazonaws.com", "AWS::StackName": "local",
	} {
		values[name] = &node{kind: scalar, text: value}
	}
	return values
}

// plain evaluates n and all inside it. A value that AWS::NoValue removes is nil, and its list or mapping lacks it.
func (e *evaluator) plain(n *node) (any, error) {
	n, err := e.resolve(n)
	if err != nil {
		return nil, err
	}
	switch n.kind {
	case scalar:
		return n.value(), nil
	case sequence:
		var list []any
		for _, item := range n.items {
			value, err := e.plain(item)
			if err != nil {
				return nil, err
			}
			if value != nil {
				list = append(list, value)
			}
		}
		return list, nil
	case mapping:
		object := map[string]any{}
		for _, p := range n.pairs {
			value, err := e.plain(p.value)
			if err != nil {
				return nil, err
			}
			if value != nil {
				object[p.key] = value
			}
		}
		return object, nil
	default: // absent: resolve leaves no function
		return nil, nil
	}
}

// resolve evaluates until n is a plain value. Its items and values stay as they are.
func (e *evaluator) resolve(n *node) (*node, error) {
	for n.kind == function {
		next, err := e.call(n)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", n.line, n.text, err)
		}
		n = next
	}
	return n, nil
}

func (e *evaluator) call(n *node) (*node, error) {
	switch n.text {
	case "Ref":
		if n.arg.text == "AWS::NoValue" {
			return &node{line: n.line}, nil
		}
		if known := e.values[n.arg.text]; known != nil {
			return &node{kind: scalar, line: n.line, text: known.text, bare: known.bare}, nil
		}
		return textNode(n, "${"+n.arg.text+"}"), nil
	case "Fn::GetAtt":
		parts, err := e.list(n.arg, ".")
		return textNode(n, "${"+strings.Join(parts, ".")+"}"), err
	case "Fn::If":
		return e.branch(n)
	case "Fn::Sub":
		text, err := e.sub(n.arg)
		return textNode(n, text), err
	case "Fn::Join":
		args, err := args(n, 2)
		if err != nil {
			return nil, err
		}
		separator, err := e.text(args[0])
		if err != nil {
			return nil, err
		}
		parts, err := e.list(args[1], ",")
		return textNode(n, strings.Join(parts, separator)), err
	case "Fn::Select":
		return e.choose(n)
	case "Fn::Split":
		return e.split(n)
	}
	return textNode(n, "${"+n.text+"}"), nil
}

func (e *evaluator) branch(n *node) (*node, error) {
	args, err := args(n, 3)
	if err != nil {
		return nil, err
	}
	yes, err := e.named(args[0].text)
	if yes {
		return args[1], err
	}
	return args[2], err
}

func (e *evaluator) choose(n *node) (*node, error) {
	args, err := args(n, 2)
	if err != nil {
		return nil, err
	}
	index, err := e.text(args[0])
	if err != nil {
		return nil, err
	}
	parts, err := e.list(args[1], ",")
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(parts) {
		return nil, fmt.Errorf("no item %q among %d", index, len(parts))
	}
	return textNode(n, parts[i]), nil
}

func (e *evaluator) split(n *node) (*node, error) {
	args, err := args(n, 2)
	if err != nil {
		return nil, err
	}
	separator, err := e.text(args[0])
	if err != nil {
		return nil, err
	}
	whole, err := e.text(args[1])
	if err != nil {
		return nil, err
	}
	parts := &node{kind: sequence, line: n.line}
	for part := range strings.SplitSeq(whole, separator) {
		parts.items = append(parts.items, textNode(n, part))
	}
	return parts, nil
}

// sub replaces ${Name} and keeps ${!Literal} as ${Literal}.
func (e *evaluator) sub(arg *node) (string, error) {
	own := map[string]*node{}
	if arg.kind == sequence && len(arg.items) == 2 {
		for _, p := range arg.items[1].pairs {
			own[p.key] = p.value
		}
		arg = arg.items[0]
	}
	rest, err := e.text(arg)
	var out strings.Builder
	for err == nil {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		name, tail, closed := strings.Cut(after, "}")
		if !found {
			return out.String(), nil
		}
		if !closed {
			return "", fmt.Errorf("%q lacks a closing brace", rest)
		}
		rest = tail
		literal, isLiteral := strings.CutPrefix(name, "!")
		value, isOwn := own[name]
		switch {
		case isLiteral:
			out.WriteString("${" + literal + "}")
		case isOwn:
			var text string
			text, err = e.text(value)
			out.WriteString(text)
		default:
			out.WriteString(e.value(name))
		}
	}
	return "", err
}

// value is a parameter's value, or a placeholder for a value that only AWS knows.
func (e *evaluator) value(name string) string {
	if known := e.values[name]; known != nil {
		return known.text
	}
	return "${" + name + "}"
}

func (e *evaluator) text(n *node) (string, error) {
	n, err := e.resolve(n)
	if err != nil {
		return "", err
	}
	if n.kind != scalar {
		return "", fmt.Errorf("line %d: want text", n.line)
	}
	return n.text, nil
}

// list reads a sequence of texts, or one text that separator divides.
func (e *evaluator) list(n *node, separator string) ([]string, error) {
	n, err := e.resolve(n)
	if err != nil {
		return nil, err
	}
	if n.kind == scalar {
		return strings.Split(n.text, separator), nil
	}
	var texts []string
	for _, item := range n.items {
		text, err := e.text(item)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func args(n *node, want int) ([]*node, error) {
	if n.arg.kind != sequence || len(n.arg.items) != want {
		return nil, fmt.Errorf("want %d arguments", want)
	}
	return n.arg.items, nil
}

func textNode(at *node, text string) *node { return &node{kind: scalar, line: at.line, text: text} }
