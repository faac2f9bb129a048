package session

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Limits of the custom claims of a session, those of the claims hook included.
const (
	MaxClaims      = 2 << 10 // bytes of JSON
	maxClaimsDepth = 8       // levels
)

// ClaimFaults lists what is wrong with the claims of a session beside those of the claims hook. Both are JSON objects as
// an access token holds them: without white space, and with <, > and & escaped.
func ClaimFaults(claims, hook json.RawMessage) (bad []FieldError) {
	fault := func(field, code, rule string) {
		bad = append(bad, FieldError{Field: field, Code: code, Message: field + " " + rule + "."})
	}
	if len(claims)+len(hook) > MaxClaims {
		fault("claims", "tooLong", "may have 2048 bytes as JSON, where <, > and & count six")
	}
	if depth(claims) > maxClaimsDepth {
		fault("claims", "tooDeep", "may nest 8 levels deep")
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(claims, &members) // an object, as the caller knows
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if token.ReservedClaim(name) {
			fault("claims."+name, "reserved", "is a claim that this service sets, in whatever case")
		}
	}
	return bad
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
