package stack

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const functionSuffix = "Function"

// LogicalID names the function of an operation: retrieve-by-id is RetrieveByIdFunction.
func LogicalID(operation string) string {
	var id strings.Builder
	for word := range strings.SplitSeq(operation, "-") {
		_, first := utf8.DecodeRuneInString(word)
		id.WriteString(strings.ToUpper(word[:first]))
		id.WriteString(word[first:])
	}
	return id.String() + functionSuffix
}

// Operation names the operation of a function, the reverse of LogicalID. An id that no operation has is an error.
func Operation(logicalID string) (string, error) {
	var words strings.Builder
	for i, c := range strings.TrimSuffix(logicalID, functionSuffix) {
		upper := 'A' <= c && c <= 'Z'
		if upper && i > 0 {
			words.WriteByte('-')
		}
		if upper {
			c += 'a' - 'A'
		}
		words.WriteRune(c)
	}
	operation := words.String()
	if operation == "" || LogicalID(operation) != logicalID {
		return "", fmt.Errorf("%q names no operation: a function's id is its operation in upper camel case and %q, "+
			"as RetrieveByIdFunction", logicalID, functionSuffix)
	}
	return operation, nil
}
