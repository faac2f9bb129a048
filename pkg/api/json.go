package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

var errNotJSON = errors.New("the body must be a JSON object in UTF-8")

// parseObject reads a JSON object strictly: valid UTF-8, no lone surrogate, no doubled key at any depth, nothing
// behind the object (RFC 8259, I-JSON RFC 7493 section 2). Keys keep their exact spelling.
func parseObject(raw []byte) (members []member, err error) {
	if !utf8.Valid(raw) || !json.Valid(raw) || loneSurrogate(raw) {
		return nil, errNotJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, errNotJSON
	}
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, errNotJSON
		}
		m := member{name: key.(string)} // an object's key is a string: json.Valid said so
		if err := decoder.Decode(&m.value); err != nil {
			return nil, errNotJSON
		}
		if seen[m.name] {
			return nil, doubledKeyError{m.name}
		}
		seen[m.name] = true
		if err := checkDoubled(m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// member is one key of an object or of a query string.
type member struct {
	name  string
	value json.RawMessage
}

type doubledKeyError struct{ name string }

func (e doubledKeyError) Error() string { return fmt.Sprintf("the key %q is there twice", e.name) }

// checkDoubled looks for doubled keys inside a value that is valid JSON.
func checkDoubled(raw json.RawMessage) error {
	if !bytes.ContainsRune(raw, '{') {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	type level struct {
		seen map[string]bool // nil in an array
		key  bool            // the next token is a key
	}
	var stack []level
	for {
		t, err := decoder.Token()
		if err != nil {
			return nil //nolint:nilerr // the end: the value is known to be valid
		}
		top := len(stack) - 1
		if name, isString := t.(string); isString && top >= 0 && stack[top].seen != nil && stack[top].key {
			if stack[top].seen[name] {
				return doubledKeyError{name}
			}
			stack[top].seen[name], stack[top].key = true, false
			continue
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, level{seen: map[string]bool{}, key: true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if top = len(stack) - 1; top >= 0 {
			stack[top].key = true // a value has ended
		}
	}
}

// loneSurrogate looks for a \u escape of half a UTF-16 pair in valid JSON; encoding/json would replace it.
func loneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++ // the escaped character
		if raw[i] != 'u' {
			continue
		}
		unit := hex4(raw[i+1:])
		i += 4
		switch {
		case unit >= 0xdc00 && unit <= 0xdfff:
			return true
		case unit >= 0xd800 && unit <= 0xdbff:
			if len(raw) < i+7 || raw[i+1] != '\\' || raw[i+2] != 'u' {
				return true
			}
			if low := hex4(raw[i+3:]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

func hex4(raw []byte) uint64 {
	unit, err := strconv.ParseUint(string(raw[:4]), 16, 32)
	if err != nil {
		return 0 // not reached: json.Valid has seen four hex digits
	}
	return unit
}

// depth is how deeply a valid JSON value nests; a scalar is 0, an object or array of scalars 1.
func depth(raw []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
