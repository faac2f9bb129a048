package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var errNotJSON = errors.New("the body must be a JSON object in UTF-8")

// ParseObject reads a JSON object strictly: valid UTF-8, no lone surrogate, no doubled key at any depth, nothing
// behind the object (RFC 8259, I-JSON RFC 7493 section 2). Keys keep their exact spelling.
func ParseObject(raw []byte) (members []Member, err error) {
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
		m := Member{Name: key.(string)} // an object's key is a string: json.Valid said so
		if err := decoder.Decode(&m.Value); err != nil {
			return nil, errNotJSON
		}
		if seen[m.Name] {
			return nil, DoubledKeyError{m.Name}
		}
		m.Spelled, seen[m.Name] = m.Name, true
		if err := checkDoubled(m.Value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// Member is one key of an object or of a query string.
type Member struct {
	Name    string
	Spelled string // as the caller wrote it, where Name is an alias resolved
	Value   json.RawMessage
}

// DoubledKeyError names a key that an object has twice.
type DoubledKeyError struct{ Name string }

func (e DoubledKeyError) Error() string {
	return fmt.Sprintf("the key %q is there twice", KeyName(e.Name))
}

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
				return DoubledKeyError{name}
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

const (
	maxKeyName = 64 // characters
	redacted   = "[redacted]"
)

// tokenLike finds what could be a token of this service: with its prefix, or a JWT.
var tokenLike = regexp.MustCompile(`(?i)srt_|sak_|[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+`)

// KeyName is how a message, a field or a log line names a key that a caller chose: at most 64 characters, all of them
// visible, and never a token.
func KeyName(key string) string {
	if tokenLike.MatchString(key) {
		return redacted
	}
	if utf8.RuneCountInString(key) > maxKeyName {
		key = string([]rune(key)[:maxKeyName-1]) + "\u2026"
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return utf8.RuneError
		}
		return c
	}, key)
}
