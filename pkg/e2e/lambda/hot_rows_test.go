package lambda_test

import (
	"encoding/base64"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
)

// hotRows are refreshes through the HTTP API beside the REST API.
func hotRows(s *service.Service, current string) []row {
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	return []row{
		{"refresh-http-api", overHTTPAPI(request{Method: "POST", Route: routeRefresh, Body: `{"refreshToken":"` + current + `"}`}), `200 "refreshToken":"srt_`},
		{"user-refresh-token-http-api", overHTTPAPI(request{
			Method: "POST", Route: "/User/RefreshToken", Header: []string{"Authorization", "Bearer " + s.Sign(s.Access(fixture.SessionOne))},
			Body: `{"refreshToken":"` + current + `"}`,
		}), `200 "refreshToken":"srt_`},
		{"oauth-token-http-api", overHTTPAPI(request{
			Method: "POST", Route: "/oauth2/token", Header: form, Body: "grant_type=refresh_token&refresh_token=" + current,
		}), `200 "token_type":"Bearer"`},
	}
}

// overHTTPAPI is the event of payload 1.0 for a request: names of headers are in lower case, as HTTP/2 has them, the path
// has no stage, and a body that is neither text nor JSON is base64.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func overHTTPAPI(r request) any {
	e := r.Event()
	headers, values := map[string]string{}, map[string][]string{}
	for name, value := range e.Headers {
		headers[strings.ToLower(name)], values[strings.ToLower(name)] = value, e.MultiValueHeaders[name]
	}
	e.Headers, e.MultiValueHeaders = headers, values
	if headers["content-type"] == "application/x-www-form-urlencoded" {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
	}
	e.RequestContext.Stage, e.RequestContext.Path, e.RequestContext.RequestID = "$default", e.Path, "JKJaXmPLvHcESHA="
	return struct {
		Version string `json:"version"`
		events.APIGatewayProxyRequest
	}{"1.0", e}
}
