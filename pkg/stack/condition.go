package stack

import "fmt"

// named decides a condition of the template's Conditions section.
func (e *evaluator) named(name string) (bool, error) {
	condition, known := e.conditions[name]
	if !known {
		return false, fmt.Errorf("no condition is called %q", name)
	}
	if e.deciding[name] {
		return false, fmt.Errorf("condition %q needs itself", name)
	}
	e.deciding[name] = true
	defer delete(e.deciding, name)
	return e.decide(condition)
}

func (e *evaluator) decide(n *node) (bool, error) {
	var yes bool
	var err error
	switch {
	case n.kind == mapping && len(n.pairs) == 1 && n.pairs[0].key == "Condition":
		return e.named(n.pairs[0].value.text)
	case n.kind != function:
		err = fmt.Errorf("want a condition function")
	case n.text == "Condition":
		return e.named(n.arg.text)
	case n.text == "Fn::Equals":
		yes, err = e.equals(n)
	case n.text == "Fn::Not":
		yes, err = e.all(n, 1, false)
		yes = !yes
	case n.text == "Fn::And":
		yes, err = e.all(n, len(n.arg.items), true)
	case n.text == "Fn::Or":
		yes, err = e.all(n, len(n.arg.items), false)
	default:
		err = fmt.Errorf("%s is not a condition function", n.text)
	}
	if err != nil {
		return false, fmt.Errorf("line %d: %w", n.line, err)
	}
	return yes, nil
}

func (e *evaluator) equals(n *node) (bool, error) {
	args, err := args(n, 2)
	if err != nil {
		return false, err
	}
	left, err := e.text(args[0])
	if err != nil {
		return false, err
	}
	right, err := e.text(args[1])
	return left == right, err
}

// all reports whether all arguments hold if and is true, and otherwise whether any does.
func (e *evaluator) all(n *node, want int, and bool) (bool, error) {
	args, err := args(n, want)
	if err != nil {
		return false, err
	}
	for _, arg := range args {
		yes, err := e.decide(arg)
		if err != nil || yes != and {
			return yes, err
		}
	}
	return and, nil
}
