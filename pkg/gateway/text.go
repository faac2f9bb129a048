package gateway

import (
	"fmt"
	"strings"
)

// text is literal text with $context variables in between. Values are inserted without escaping, as REST APIs do.
type text []piece

type piece struct {
	literal  string
	variable string // of $context, follows the literal; "" at the end
	request  string // or the request header whose value follows
}

const contextPrefix = "$context."

func parseText(source string) text {
	var t text
	for {
		literal, rest, found := strings.Cut(source, contextPrefix)
		if !found {
			return append(t, piece{literal: source})
		}
		end := 0
		for end < len(rest) && isNamePart(rest, end) {
			end++
		}
		t = append(t, piece{literal: literal, variable: rest[:end]})
		source = rest[end:]
	}
}

// isNamePart accepts a dot between two names only, so that a sentence may end with a variable.
func isNamePart(s string, i int) bool {
	if s[i] == '.' {
		return i > 0 && i+1 < len(s) && isWord(s[i-1]) && isWord(s[i+1])
	}
	return isWord(s[i])
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// parseMapping reads the mapping expression of a response header.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html
func parseMapping(expression string) (text, error) {
	if len(expression) >= 2 && expression[0] == '\'' && expression[len(expression)-1] == '\'' {
		return text{{literal: expression[1 : len(expression)-1]}}, nil
	}
	if name, ok := strings.CutPrefix(expression, "context."); ok && name != "" {
		return text{{variable: name}}, nil
	}
	if name, ok := strings.CutPrefix(expression, "method.request.header."); ok && name != "" {
		return text{{request: name}}, nil
	}
	return nil, fmt.Errorf("%q is neither 'text in single quotes' nor context.* nor method.request.header.*", expression)
}

func (t text) render(x *exchange, f *failure) string {
	var out strings.Builder
	for _, p := range t {
		out.WriteString(p.literal)
		if p.variable != "" {
			out.WriteString(x.variable(p.variable, f))
		}
		if p.request != "" {
			out.WriteString(x.r.Header.Get(p.request))
		}
	}
	return out.String()
}
