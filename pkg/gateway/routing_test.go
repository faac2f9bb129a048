package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

func TestRoutingIsByMethodAndRawPath(t *testing.T) {
	var seen request
	h := with(t, function(func(_ context.Context, e request) (answer, error) {
		seen = e
		return answer{StatusCode: 200}, nil
	}))
	for _, c := range []struct {
		law, method, target, resource string // "" means the unknown-route answer
		params                        string
	}{
		{"a known route", "POST", "/open", "/open", "null"},
		{"an unknown method on a known path is 404", "PUT", "/open", "", ""},
		{"the method's case counts", "post", "/open", "", ""},
		{"one trailing slash is ignored", "POST", "/open/", "/open", "null"},
		{"two trailing slashes are not", "POST", "/open//", "", ""},
		{"an empty part does not match a parameter", "GET", "/open//part/b", "", ""},
		{"a leading double slash is another path", "POST", "//open", "", ""},
		{"a parameter", "GET", "/open/a", "/open/{id}", `{"id":"a"}`},
		{"static parts win over parameters", "GET", "/open/fixed", "/open/fixed", "null"},
		{"parameters stay percent-encoded", "GET", "/open/a%2Fb%20c", "/open/{id}", `{"id":"a%2Fb%20c"}`},
		{"a plus is a plus in a path", "GET", "/open/a+b", "/open/{id}", `{"id":"a+b"}`},
		{"paths are compared raw", "POST", "/op%65n", "", ""},
		{"dots are not cleaned", "POST", "/x/../open", "", ""},
		{"two parameters", "GET", "/open/a/part/b/", "/open/{id}/part/{other}", `{"id":"a","other":"b"}`},
		{"ANY takes every method", "PATCH", "/any", "/any", "null"},
		{"an unknown path", "GET", "/", "", ""},
		{"the case of a path counts", "POST", "/OPEN", "", ""},
	} {
		t.Run(c.law, func(t *testing.T) {
			seen = request{}
			r := httptest.NewRequest("GET", c.target, nil)
			r.Method = c.method
			w := send(h, r)
			if c.resource == "" {
				check(t, w, 404, `{"m":"Missing Authentication Token"}`)
				return
			}
			params, _ := json.Marshal(seen.PathParameters)
			if seen.Resource != c.resource || string(params) != c.params || seen.Path != c.target {
				t.Errorf("%s %s reached %q with %s as %q, want %q with %s", c.method, c.target, seen.Resource, params, seen.Path, c.resource, c.params)
			}
		})
	}
}

func TestMalformedEncodingIsABadRequest(t *testing.T) {
	h := with(t, nil)
	for _, raw := range []string{"/open/%", "/open/%z1", "/open/%1", "/%zz"} {
		r := &http.Request{Method: "GET", RequestURI: raw, URL: &url.URL{Path: raw}, Header: http.Header{}}
		check(t, send(h, r), 400, `{"default":4}`)
	}
	for _, query := range []string{"a=%", "%zz=1", "a=1&b=%1"} {
		check(t, get(h, "/open/a?"+query), 400, `{"default":4}`)
	}
}

func TestNewListsEveryRouteWithoutFunction(t *testing.T) {
	_, err := gateway.New(gateway.Config{API: api()})
	if err == nil {
		t.Fatal("a gateway without functions was made")
	}
	for _, want := range []string{
		`POST /open: no function for operation "echo"`, `ANY /any: no function`,
		`GET /guarded/{id}: no authorizer "authorizer"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

func TestNewRefusesAnAPIThatCannotWork(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stack.API)
		want   string
	}{
		"parameter names that differ": {func(a *stack.API) { a.Routes[1].Path = "/open/{other}" }, "other and id"},
		"an empty part":               {func(a *stack.API) { a.Routes[1].Path = "/a//b" }, "not a path part"},
		"half a parameter":            {func(a *stack.API) { a.Routes[1].Path = "/a/{b" }, "not a path part"},
		"a route twice":               {func(a *stack.API) { a.Routes[1] = a.Routes[2] }, "two such routes"},
		"an unknown header mapping": {func(a *stack.API) {
			a.Responses["UNAUTHORIZED"].Headers["X"] = "unquoted"
		}, "X: \"unquoted\" is neither"},
	} {
		t.Run(name, func(t *testing.T) {
			a := api()
			c.change(a)
			f := func(context.Context, request) (answer, error) { return answer{}, nil }
			_, err := gateway.New(gateway.Config{API: a, Functions: map[string]gateway.Function{"echo": f}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := gateway.New(gateway.Config{}); err == nil {
		t.Error("a gateway without an API was made")
	}
}

func FuzzEveryPathHasAnAnswer(f *testing.F) {
	for _, seed := range []string{"/", "", "*", "//", "/open/%2", "/open/a/part/", "/open/\x00\xff", "/guarded/..;/?", "%"} {
		f.Add("GET", seed, "a=1&&=&b=%41;c")
	}
	h := with(f, nil)
	f.Fuzz(func(t *testing.T, method, path, query string) {
		r := &http.Request{
			Method: method, RequestURI: path + "?" + query, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{},
		}
		if w := send(h, r); w.Code != 200 && w.Code != 400 && w.Code != 404 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q %q?%q answers %d %s", method, path, query, w.Code, w.Body)
		}
	})
}

func TestAKnownPathWithAnotherMethodCanNameItsMethods(t *testing.T) {
	h := with(t, func(c *gatewayConfig) {
		c.OtherMethods = func(methods []string) string { return strings.Join(methods, "+") }
	})
	for path, want := range map[string]string{
		"/open": "POST", "/open/": "POST", "/open/x": "GET", "/open/fixed": "GET",
		"/": `{"m":"Missing Authentication Token"}`, "/nothing": `{"m":"Missing Authentication Token"}`, "/open/x/part": `{"m":"Missing Authentication Token"}`,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPut, path, http.NoBody))
		check(t, w, 404, want)
	}
}
