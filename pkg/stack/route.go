package stack

import "strings"

func (d *document) route(api *API, auth *node, f Function, event *node) {
	r := Route{
		Method: strings.ToUpper(d.string(event, "Method")), Path: d.string(event, "Path"),
		Function: f.LogicalID, Operation: f.Operation,
	}
	if id := d.string(event, "RestApiId"); id != "${"+api.LogicalID+"}" {
		d.fail(event, "RestApiId must be !Ref %s", api.LogicalID)
	}
	switch {
	case r.Method == "":
		d.fail(event, "a route needs a Method")
	case !strings.HasPrefix(r.Path, "/"):
		d.fail(event, "path %q must begin with a slash", r.Path)
	case strings.Contains(r.Path, "+}"):
		d.fail(event, "path %q: greedy parameters are not supported", r.Path)
	}
	for _, other := range api.Routes {
		if other.Method == r.Method && other.Path == r.Path {
			d.fail(event, "%s %s belongs to %s already", r.Method, r.Path, other.Function)
		}
	}
	r.Authorizer = d.authorizer(auth, d.get(event, "Auth"))
	api.Routes = append(api.Routes, r)
}

// authorizer is the operation that authorizes a route: the event's own choice, or the API's default.
func (d *document) authorizer(auth, event *node) string {
	name := d.string(event, "Authorizer")
	if name == "" {
		name = d.string(auth, "DefaultAuthorizer")
	}
	if name == "" || name == "NONE" {
		return ""
	}
	declared := d.get(auth, "Authorizers", name)
	if declared.kind == absent {
		d.fail(event, "the API has no authorizer %q", name)
		return ""
	}
	if kind := d.string(declared, "FunctionPayloadType"); kind != "REQUEST" {
		d.fail(declared, "authorizer %s: FunctionPayloadType must be REQUEST, not %q", name, kind)
	}
	if seconds := d.string(declared, "Identity", "ReauthorizeEvery"); seconds != "0" {
		d.fail(declared, "authorizer %s: ReauthorizeEvery must be 0, a cached decision outlives a deletion", name)
	}
	// !GetAtt F.Arn and !Ref F.Alias are both placeholders that begin with the function's id.
	id, _, _ := strings.Cut(strings.TrimPrefix(d.string(declared, "FunctionArn"), "${"), ".")
	operation, err := Operation(id)
	if err != nil {
		d.fail(declared, "authorizer %s: FunctionArn: %w", name, err)
	}
	return operation
}
