package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// The served description compared with the service itself.

func served(t testing.TB) (*openapi3.T, routers.Router) {
	t.Helper()
	a := home.do(t, call{"GET", "/openapi.json", nil, ""}).want(t, 200)
	document, err := openapi3.NewLoader().LoadFromData([]byte(a.raw))
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	return document, router
}

// violates says whether the description forbids a call.
func violates(t testing.TB, router routers.Router, c call) bool {
	t.Helper()
	req, err := http.NewRequest(c.method, c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header.Clone()
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	return openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.EnableJSONSchema2020()},
		},
	}) != nil
}

// mutations are what may go wrong with an example of a body.
func mutations(media string, example map[string]any) []string {
	if media != "application/json" {
		var bodies []string
		for key := range example {
			for _, value := range []string{"", "x y\x01"} {
				mutant := url.Values{}
				for name, kept := range example {
					text, _ := kept.(string)
					mutant.Set(name, text)
				}
				mutant.Set(key, value)
				bodies = append(bodies, mutant.Encode())
			}
		}
		return append(bodies, "", "a=b")
	}
	bodies := []string{`[]`, `"x"`, `null`, `1`}
	change := func(edit func(mutant map[string]any)) {
		mutant := maps.Clone(example)
		edit(mutant)
		bodies = append(bodies, jsonOf(mutant))
	}
	change(func(m map[string]any) { m["surprise"] = "x" })
	for key := range example {
		change(func(m map[string]any) { delete(m, key) })
		for _, value := range []any{nil, 1, true, "", " ", []string{"x"}, map[string]any{"x": 1}, strings.Repeat("x", 300)} {
			change(func(m map[string]any) { m[key] = value })
		}
	}
	return bodies
}

// credentialFor is the header that an operation asks for first.
func credentialFor(operation *openapi3.Operation, x session) http.Header {
	for _, requirement := range *operation.Security {
		switch names := slices.Sorted(maps.Keys(requirement)); {
		case slices.Equal(names, []string{"apiKey", "tenant"}):
			return home.demo.admin()
		case slices.Equal(names, []string{"accessToken"}) && operation.OperationID != "refresh":
			return http.Header{"Authorization": {"Bearer " + x.access}}
		}
	}
	return http.Header{}
}

func TestRequestsThatViolateTheDescriptionAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	long(t)
	document, router := served(t)
	tried := 0
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil {
				continue
			}
			x := home.issue(t, fresh(), home.demo.web)
			fill := strings.NewReplacer("{tokenId}", x.id)
			for media, content := range operation.RequestBody.Value.Content {
				for _, example := range content.Examples {
					for _, body := range mutations(media, x.examples(t, example.Value.Value)) {
						c := call{method, fill.Replace(path), with(credentialFor(operation, x), "Content-Type", media), body}
						if !violates(t, router, c) {
							continue
						}
						tried++
						if a := home.do(t, c); a.status < 400 || a.status > 499 {
							t.Errorf("%s; want a refusal: the description forbids it", a)
						}
					}
				}
			}
			home.wantAlive(t, x)
		}
	}
	if tried < 300 {
		t.Errorf("got %d requests that violate the description, want 300 or more", tried)
	}
}

// examples fills an example in with a session's own tokens and ids, so that it would work as it stands.
func (x session) examples(t testing.TB, value any) map[string]any {
	t.Helper()
	var filled map[string]any
	raw, err := json.Marshal(value)
	if err != nil || json.NewDecoder(bytes.NewReader(raw)).Decode(&filled) != nil {
		t.Fatalf("an example: got %s, %v, want an object", raw, err)
	}
	for key, value := range filled {
		text, _ := value.(string)
		switch {
		case strings.HasPrefix(text, "srt_"):
			filled[key] = x.refresh
		case strings.HasPrefix(text, "eyJ"):
			filled[key] = x.access
		case uuid7.MatchString(text):
			filled[key] = x.id
		case strings.HasPrefix(key, "user"):
			filled[key] = x.user
		}
	}
	return filled
}

func TestTheDescriptionAndItsPageAreServedAndNothingElseIsTaken(t *testing.T) {
	t.Parallel()
	a := home.do(t, call{"GET", "/docs", nil, ""}).want(t, 200)
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the page's policy: got %q, want default-src 'none'", policy)
	}
	for _, c := range []call{{"POST", "/docs", nil, ""}, {"GET", "/docs/x", nil, ""}, {"POST", "/openapi.json", nil, ""}, {"GET", "/openapi.yaml", nil, ""}} {
		checkEnvelope(t, home.do(t, c).want(t, 404))
	}
}
