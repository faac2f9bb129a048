package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// reserved are the claims of Access: those of RFC 7519 section 4.1 and RFC 9068 section 2.2, cnf of RFC 7800, and this
// service's own.
var reserved = [...]string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "cnf", "tid", "sid", "sv", "narrowed",
	"active", "token_type", "username", // of an introspection (RFC 7662 section 2.2)
}

// ReservedClaim reports whether a custom claim may not have the name: it is a claim of Access, in any case. A reader
// that folds case, as encoding/json does, would take "Sub" or "\u017fub" for sub.
func ReservedClaim(name string) bool {
	return slices.ContainsFunc(reserved[:], func(r string) bool { return strings.EqualFold(r, name) })
}

var errClaims = errors.New("not a JSON object, or one with duplicate or reserved names")

// MarshalJSON writes the registered claims, then the custom ones. It refuses a name that would occur twice, since readers
// differ in which of the two they take.
func (a Access) MarshalJSON() ([]byte, error) {
	type registered Access
	own, err := json.Marshal(registered(a))
	custom := bytes.TrimSpace(a.Custom)
	if err != nil || len(custom) == 0 {
		return own, err
	}
	names, err := memberNames(custom)
	if err != nil || slices.ContainsFunc(names, ReservedClaim) {
		return nil, fmt.Errorf("custom claims: %w", errClaims)
	}
	if len(names) == 0 {
		return own, nil
	}
	own[len(own)-1] = ','
	return append(own, custom[1:]...), nil
}

// MergeClaims is one object of the members of two: over's, and those of base that have another name in any case. Both
// are JSON objects, or empty. It returns base where over has no members.
func MergeClaims(base, over json.RawMessage) json.RawMessage {
	switch {
	case len(over) == 0:
		return base
	case len(base) == 0:
		return over
	}
	merged, replaced := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal(base, &merged) != nil || json.Unmarshal(over, &replaced) != nil {
		return nil // not reached: both were checked before they were stored
	}
	for name := range merged {
		for other := range replaced {
			if strings.EqualFold(name, other) {
				delete(merged, name)
			}
		}
	}
	maps.Copy(merged, replaced)
	both, _ := json.Marshal(merged) // it never fails
	return both
}

// CustomClaims are the claims of a verified access token that no ReservedClaim names, as a JSON object; nil where it has
// none.
func CustomClaims(text string) json.RawMessage {
	_, rest, _ := strings.Cut(text, ".")
	encoded, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	var members map[string]json.RawMessage
	if err != nil || json.Unmarshal(payload, &members) != nil {
		return nil // not reached: the token is verified
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return ReservedClaim(name) })
	if len(members) == 0 {
		return nil
	}
	custom, _ := json.Marshal(members) // it never fails
	return custom
}

// UnmarshalJSON reads the registered claims. It refuses duplicate names (RFC 7519 section 4) and, since encoding/json
// folds case, names that differ from a registered one only in case.
func (a *Access) UnmarshalJSON(raw []byte) error {
	names, err := memberNames(raw)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ReservedClaim(name) && !slices.Contains(reserved[:], name) {
			return errClaims
		}
	}
	type registered Access
	return json.Unmarshal(raw, (*registered)(a))
}

// memberNames lists the names of the members of an object, unescaped and sorted; a duplicate is an error. Every access
// token passes here, so it allocates less than json.Decoder.
func memberNames(object []byte) ([]string, error) {
	if !json.Valid(object) || bytes.TrimSpace(object)[0] != '{' {
		return nil, errClaims
	}
	names := make([]string, 0, 16)
	depth, nameIsNext := 0, false
	for i := 0; i < len(object); i++ { // the JSON is valid: strings and brackets suffice
		switch object[i] {
		case '{', '[':
			depth++
			nameIsNext = depth == 1
		case '}', ']':
			depth--
		case ',':
			nameIsNext = depth == 1
		case '"':
			end := endOfString(object, i)
			if nameIsNext && depth == 1 {
				names = append(names, unquote(object[i:end]))
				nameIsNext = false
			}
			i = end - 1
		}
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return nil, errClaims
		}
	}
	return names, nil
}

// endOfString is the index behind the string that begins at start.
func endOfString(valid []byte, start int) int {
	for i := start + 1; ; i++ {
		switch valid[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func unquote(quoted []byte) string {
	plain := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // a valid string
	return s
}
