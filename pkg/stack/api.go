package stack

import (
	"strconv"
	"strings"
)

// api reads an API without its routes: those are events of the functions.
func (d *document) api(id string, properties *node) API {
	return API{
		LogicalID: id, Stage: d.string(properties, "StageName"),
		Responses: d.responses(d.get(properties, "GatewayResponses")),
	}
}

func (d *document) responses(declared *node) map[string]Response {
	responses := map[string]Response{}
	for _, p := range declared.pairs {
		r := Response{Headers: map[string]string{}, Body: d.string(p.value, "ResponseTemplates", "application/json")}
		if status := d.get(p.value, "StatusCode"); status.kind != absent {
			var err error
			r.Status, err = strconv.Atoi(status.text)
			if err != nil || r.Status < 200 || r.Status > 599 {
				d.fail(status, "%s: %q is not a status code", p.key, status.text)
			}
			if strings.HasPrefix(p.key, "DEFAULT_") {
				d.fail(status, "%s would give every error the one status %q", p.key, status.text)
			}
		}
		for _, header := range d.get(p.value, "ResponseParameters", "Headers").pairs {
			if expression := d.get(header.value); expression.kind != absent {
				r.Headers[header.key] = d.string(expression)
			}
		}
		responses[p.key] = r
	}
	return responses
}
