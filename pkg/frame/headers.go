package frame

import "strings"

// Headers are a request's headers as API Gateway hands them over: once with the last value of each, once with
// all. Either may be missing in an event written by hand.
type Headers struct {
	Single map[string]string
	Multi  map[string][]string
}

// Values returns every value of a header, whatever the case of its name.
func (h Headers) Values(name string) []string {
	var values []string
	for key, all := range h.Multi {
		if strings.EqualFold(key, name) {
			values = append(values, all...)
		}
	}
	if len(values) > 0 {
		return values
	}
	for key, value := range h.Single {
		if strings.EqualFold(key, name) {
			values = append(values, value)
		}
	}
	return values
}

// Get returns the last value of a header, or "".
func (h Headers) Get(name string) string {
	values := h.Values(name)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
