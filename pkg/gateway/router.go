package gateway

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

type route struct {
	stack.Route

	function   Function
	authorizer Authorizer // nil: public
}

// segment is one resource of the API's tree.
type segment struct {
	static  map[string]*segment
	param   *segment
	name    string // of the parameter that leads here
	methods map[string]*route
}

// Room for the parameters of a usual path; more only allocate.
const usualParams = 4

func (s *segment) add(r *route) error {
	path, _ := strings.CutPrefix(r.Path, "/")
	for path != "" {
		var part string
		part, path, _ = strings.Cut(path, "/")
		name, isParam := strings.CutPrefix(part, "{")
		name, isClosed := strings.CutSuffix(name, "}")
		switch {
		case part == "" || isParam != isClosed || strings.ContainsAny(name, "{}+"):
			return fmt.Errorf("%q is not a path part", part)
		case !isParam:
			s = s.child(part)
		case s.param == nil:
			s.param = &segment{name: name}
			s = s.param
		case s.param.name != name:
			return fmt.Errorf("siblings name one parameter %s and %s", s.param.name, name)
		default:
			s = s.param
		}
	}
	if s.methods[r.Method] != nil {
		return errors.New("there are two such routes")
	}
	if s.methods == nil {
		s.methods = map[string]*route{}
	}
	s.methods[r.Method] = r
	return nil
}

func (s *segment) child(part string) *segment {
	if s.static == nil {
		s.static = map[string]*segment{}
	}
	if s.static[part] == nil {
		s.static[part] = &segment{}
	}
	return s.static[part]
}

// match finds the route of a raw path. A static part wins over a parameter, without backtracking. Parameters keep
// their percent-encoding, as REST APIs pass them. One trailing slash is ignored; an empty part matches nothing. Where only
// the method fits no route, others are the routes of that path.
func (s *segment) match(method, path string) (found *route, params map[string]string, others []*route) {
	rest, rooted := strings.CutPrefix(path, "/")
	if !rooted {
		return nil, nil, nil
	}
	values := make([][2]string, 0, usualParams)
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		next := s.static[part]
		if next == nil && part != "" && s.param != nil {
			next = s.param
			values = append(values, [2]string{next.name, part})
		}
		if next == nil {
			return nil, nil, nil
		}
		s = next
	}
	r := s.methods[method]
	if r == nil {
		r = s.methods["ANY"]
	}
	if r == nil {
		return nil, nil, slices.Collect(maps.Values(s.methods))
	}
	if len(values) == 0 {
		return r, nil, nil
	}
	params = make(map[string]string, len(values))
	for _, v := range values {
		params[v[0]] = v[1]
	}
	return r, params, nil
}

// requestMethods are the methods of routes that a client chooses; browsers send OPTIONS by themselves.
func requestMethods(routes []*route) []string {
	var methods []string
	for _, r := range routes {
		if r.Method != http.MethodOptions && r.Method != http.MethodHead {
			methods = append(methods, r.Method)
		}
	}
	slices.Sort(methods)
	return methods
}

// wellEncoded says whether every % of a raw path or query begins two hex digits.
func wellEncoded(raw string) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' {
			continue
		}
		if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
			return false
		}
		i += 2
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
