package lambda_test

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The forms in which API Gateway asks the authorizer of the owner's other APIs about GET /notes.
func askREST(header ...string) any {
	return request{Method: "GET", Route: "/notes", Header: header}.AuthorizerEvent()
}

func askHTTP(authorization string) any {
	return events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteArn: "arn:aws:execute-api:eu-west-1:123456789012:f6g7h8i9j0/$default/GET/notes",
		IdentitySource: []string{authorization}, RouteKey: "GET /notes", RawPath: "/notes",
		Headers: map[string]string{"authorization": authorization, "host": "api.example.com"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: "123456789012", APIID: "f6g7h8i9j0", Stage: "$default", RouteKey: "GET /notes", RequestID: "JKJaXmPLvHcESHA=",
			DomainName: "api.example.com", DomainPrefix: "api", HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: "GET", Path: "/notes", Protocol: "HTTP/1.1", SourceIP: "192.0.2.1", UserAgent: "curl/8.5.0",
			},
		},
	}
}

func askHTTP1(authorization string) any {
	return events.APIGatewayV2CustomAuthorizerV1Request{
		Version: "1.0", Type: "REQUEST", MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:f6g7h8i9j0/$default/GET/notes",
		IdentitySource: authorization, AuthorizationToken: authorization, Resource: "/notes", Path: "/notes", HTTPMethod: "GET",
		Headers: map[string]string{"authorization": authorization, "host": "api.example.com"},
		RequestContext: events.APIGatewayV2CustomAuthorizerV1RequestTypeRequestContext{
			Path: "/notes", AccountID: "123456789012", Stage: "$default", RequestID: "JKJaXmPLvHcESHA=", ResourcePath: "/notes",
			HTTPMethod: "GET", APIID: "f6g7h8i9j0",
		},
	}
}

// resourceRows ask for an API whose audience is the application web.
func resourceRows(s *service.Service) []row {
	bearer := func(session string, change func(*token.Access)) string {
		access := s.Access(session)
		if change != nil {
			change(&access)
		}
		return "Bearer " + s.Sign(access)
	}
	one := bearer(fixture.SessionOne, nil)
	narrowed := bearer(fixture.SessionOne, func(a *token.Access) {
		current, _ := token.ParseID(a.ID)
		a.Scope, a.Narrowed = "profile", true
		a.ID = token.NarrowedID(current, a.Scope, token.Audience{fixture.Web})
	})
	bound := bearer(fixture.SessionOne, func(a *token.Access) { a.Confirmation = &token.Confirmation{JKT: strings.Repeat("A", 43)} })
	expired := "Bearer " + s.AccessText(fixture.SessionOne, fixture.Noon())
	const authorization = "Authorization"
	return []row{
		{"authorize-resource", askREST(authorization, one), `allow {"applicationId":"web","claims":"{}","scope":"profile email",` +
			`"sessionId":"` + fixture.SessionOne + `","tenantId":"demo","userId":"alice"}`},
		{"authorize-resource-token", events.APIGatewayCustomAuthorizerRequest{
			Type: "TOKEN", AuthorizationToken: one, MethodArn: "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/GET/notes",
		}, `allow "userId":"alice"`},
		{"authorize-resource-http", askHTTP(one), `allow "userId":"alice"`},
		{"authorize-resource-http-1", askHTTP1(one), `allow "userId":"alice"`},
		{"authorize-resource-narrowed", askHTTP(narrowed), `allow "scope":"profile"`},
		{"authorize-resource-other-tenant", askREST(authorization, bearer(fixture.SessionFar, nil)), `allow "tenantId":"other"`},
		{"authorize-resource-missing", askREST(), "Unauthorized"},
		{"authorize-resource-duplicate", askREST(authorization, one, authorization, one), "Unauthorized"},
		{"authorize-resource-other-audience", askREST(authorization, bearer(fixture.SessionSvc, nil)), "Unauthorized"},
		{"authorize-resource-api-key", askREST(authorization, "Bearer "+fixture.KeyText("all")), "Unauthorized"},
		{"authorize-resource-forged", askREST(authorization, one[:len(one)-8]+"AAAAAAAA"), "Unauthorized"},
		{"authorize-resource-expired", askREST(authorization, expired), "Unauthorized"},
		{"authorize-resource-expired-http", askHTTP(expired), "deny"},
		{"authorize-resource-expired-http-1", askHTTP1(expired), "deny"},
		{"authorize-resource-bound", askREST(authorization, bound), "Unauthorized"},
	}
}
