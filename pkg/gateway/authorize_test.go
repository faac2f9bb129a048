package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

const guardedARN = "arn:aws:execute-api:us-east-1:123456789012:local/dev/GET/guarded/a%2Fb"

func TestTheAuthorizerSeesTheRequest(t *testing.T) {
	var got question
	h := with(t, authorizer(func(_ context.Context, q question) (decision, error) {
		got = q
		return decide("Allow", q.MethodArn), nil
	}))
	check(t, get(h, "/guarded/a%2Fb?q=1"), 200, `{}`)
	got.RequestContext.RequestID = ""
	want := question{
		Type: "REQUEST", MethodArn: guardedARN,
		Resource: "/guarded/{id}", Path: "/guarded/a%2Fb", HTTPMethod: "GET",
		Headers: map[string]string{
			"Host": "example.com", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http",
		},
		MultiValueHeaders: map[string][]string{
			"Host": {"example.com"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"http"},
		},
		QueryStringParameters:           map[string]string{"q": "1"},
		MultiValueQueryStringParameters: map[string][]string{"q": {"1"}},
		PathParameters:                  map[string]string{"id": "a%2Fb"},
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Path: "/dev/guarded/a%2Fb", AccountID: "123456789012", ResourceID: "local", Stage: "dev", APIID: "local",
			ResourcePath: "/guarded/{id}", HTTPMethod: "GET",
			Identity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: "192.0.2.1"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestPoliciesAreEvaluatedAsIAMDoes(t *testing.T) {
	type statements = []events.IAMPolicyStatement
	one := func(effect, action string, resources ...string) events.IAMPolicyStatement {
		return events.IAMPolicyStatement{Effect: effect, Action: []string{action}, Resource: resources}
	}
	const invoke, denied, broken = "execute-api:Invoke", 403, 500
	for _, c := range []struct {
		law    string
		policy statements
		status int
	}{
		{"an Allow of the method", statements{one("Allow", invoke, guardedARN)}, 200},
		{"no match denies", statements{one("Allow", invoke, guardedARN+"x")}, denied},
		{"explicit Deny beside an Allow wins", statements{one("Allow", "*", "*"), one("Deny", invoke, guardedARN)}, denied},
		{"in any order", statements{one("Deny", invoke, guardedARN), one("Allow", "*", "*")}, denied},
		{"a Deny of something else does not matter", statements{one("Deny", invoke, "x"), one("Allow", "*", "*")}, 200},
		{"a Deny of another action does not matter", statements{one("Deny", "s3:*", "*"), one("Allow", "*", "*")}, 200},
		{"* crosses slashes", statements{one("Allow", invoke, "arn:aws:execute-api:*/dev/*")}, 200},
		{"* matches nothing too", statements{one("Allow", invoke, "*"+guardedARN+"**")}, 200},
		{"* backtracks", statements{one("Allow", invoke, "*g*ded/a*b")}, 200},
		{"? is one character", statements{one("Allow", invoke, "arn:aws:execute-api:*/de?/*")}, 200},
		{"? is not the empty text", statements{one("Allow", invoke, guardedARN+"?")}, denied},
		{"another stage is not allowed", statements{one("Allow", invoke, "arn:aws:execute-api:*/prod/*")}, denied},
		{"one of several resources suffices", statements{one("Allow", invoke, "x", guardedARN)}, 200},
		{"an action's case does not matter", statements{one("Allow", "EXECUTE-API:inv*", "*")}, 200},
		{"a resource's case does", statements{one("Allow", invoke, "ARN:*")}, denied},
		{"an effect's case does", statements{one("allow", invoke, "*")}, broken},
		{"a policy needs a statement", nil, broken},
	} {
		t.Run(c.law, func(t *testing.T) {
			h := with(t, authorizer(func(context.Context, question) (decision, error) {
				d := decide("Allow")
				d.PolicyDocument.Statement = c.policy
				return d, nil
			}))
			if w := get(h, "/guarded/a%2Fb"); w.Code != c.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.status)
			}
		})
	}
}

func TestOnlyTheErrorUnauthorizedIsA401(t *testing.T) {
	failing := func(err error) func(context.Context, question) (decision, error) {
		return func(_ context.Context, q question) (decision, error) { return decide("Allow", q.MethodArn), err }
	}
	const failure = `{"message":"Internal server error"}`
	for _, c := range []struct {
		law    string
		gate   func(context.Context, question) (decision, error)
		status int
		body   string
	}{
		{"Unauthorized", failing(errors.New("Unauthorized")), 401, `{"m":"Unauthorized","t":"UNAUTHORIZED."}`},
		{"another case", failing(errors.New("unauthorized")), 503, failure},
		{"wrapped", failing(fmt.Errorf("x: %w", errors.New("Unauthorized"))), 503, failure},
		{"a panic", func(context.Context, question) (decision, error) { panic("Unauthorized") }, 503, failure},
		{"no principal", func(_ context.Context, q question) (decision, error) {
			d := decide("Allow", q.MethodArn)
			d.PrincipalID = ""
			return d, nil
		}, 500, `{"default":5}`},
	} {
		t.Run(c.law, func(t *testing.T) { check(t, get(with(t, authorizer(c.gate)), "/guarded/a"), c.status, c.body) })
	}
}

func TestContextReachesTheFunctionAsStrings(t *testing.T) {
	type word string
	var got map[string]any
	h := with(t, func(c *gatewayConfig) {
		authorizer(func(_ context.Context, q question) (decision, error) {
			d := decide("Allow", q.MethodArn)
			d.Context = map[string]any{
				"s": "text", "b": true, "i": 1, "f": 1.5, "big": 1e21, "u": uint8(7), "n": json.Number("2.50"), "w": word("named"),
				"principalId": "forged",
			}
			return d, nil
		})(c)
		function(func(_ context.Context, e request) (answer, error) {
			got = e.RequestContext.Authorizer
			return answer{StatusCode: 200, Body: "{}"}, nil
		})(c)
	})
	check(t, get(h, "/guarded/a"), 200, `{}`)
	want := map[string]any{
		"s": "text", "b": "true", "i": "1", "f": "1.5", "big": "1000000000000000000000", "u": "7", "n": "2.50", "w": "named",
		"principalId": "p",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
}

func TestABodyTemplateReadsTheContextOfADenial(t *testing.T) {
	h := with(t, authorizer(func(_ context.Context, q question) (decision, error) {
		d := decide("Deny", q.MethodArn)
		d.Context = map[string]any{"why": "other tenant"}
		return d, nil
	}))
	check(t, get(h, "/guarded/a"), 403, `{"m":"other tenant","p":"p","u":""}`)
}

func TestAContextWithObjectsIsAConfigurationError(t *testing.T) {
	for _, value := range []any{nil, []string{"a"}, map[string]string{}, struct{}{}} {
		h := with(t, authorizer(func(_ context.Context, q question) (decision, error) {
			d := decide("Allow", q.MethodArn)
			d.Context = map[string]any{"x": value}
			return d, nil
		}))
		check(t, get(h, "/guarded/a"), 500, `{"default":5}`)
	}
}
