package stack_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

func realTemplate(t testing.TB) []byte {
	t.Helper()
	source, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// The contract's table of operations, as method, path, operation and authorizer.
const contractRoutes = `
POST /jwt/issue issue authorizer
POST /jwt/refresh refresh -
GET /jwt/refresh/{tokenId} retrieve-by-id authorizer
GET /jwt/refresh retrieve-by-user authorizer
DELETE /jwt/refresh/{tokenId} delete-by-id authorizer
POST /jwt/revoke delete-by-string authorizer
DELETE /jwt/users/{userId}/refresh delete-by-user authorizer
DELETE /jwt/applications/{applicationId}/refresh delete-by-application authorizer
DELETE /jwt/users/{userId}/applications/{applicationId}/refresh delete-by-user-and-application authorizer
POST /jwt/refresh/{tokenId} documented-forms authorizer
DELETE /jwt/refresh documented-forms authorizer
GET /.well-known/jwks.json jwks -
POST /User/RefreshToken user-refresh-token -
POST /user/refreshToken user-refresh-token -
POST /api/v1/authenticate/refresh authenticate-refresh -
POST /oauth2/token oauth-token -
POST /oauth2/revoke oauth-revoke -
POST /oauth2/introspect oauth-introspect authorizer
GET /.well-known/oauth-authorization-server oauth-metadata -
`

func TestRoutesOfTheTemplateAreTheContractsTable(t *testing.T) {
	for _, alias := range []string{"true", "false"} {
		api, err := stack.Load(realTemplate(t), map[string]string{"UseAuthorizerAlias": alias})
		if err != nil {
			t.Fatal(err)
		}
		got, want := map[string]string{}, map[string]string{}
		for _, r := range api.API.Routes {
			got[r.Method+" "+r.Path] = r.Operation + " " + r.Authorizer
		}
		for line := range strings.Lines(strings.TrimSpace(contractRoutes)) {
			f := strings.Fields(line)
			want[f[0]+" "+f[1]] = f[2] + " " + strings.TrimPrefix(f[3], "-")
			want["OPTIONS "+f[1]] = got["OPTIONS "+f[1]]
			if owner := strings.TrimSpace(got["OPTIONS "+f[1]]); !strings.Contains(contractRoutes, f[1]+" "+owner+" ") {
				t.Errorf("the preflight of %s belongs to %q, which has no other route there", f[1], owner)
			}
			if !strings.HasSuffix(got["OPTIONS "+f[1]], " ") {
				t.Errorf("the preflight of %s has an authorizer in front: %q", f[1], got["OPTIONS "+f[1]])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("UseAuthorizerAlias=%s: routes differ from the contract (-contract +template):\n%s", alias, diff)
		}
	}
}

func TestFunctionsWithoutARouteAreInTheTemplateToo(t *testing.T) {
	api, err := stack.Load(realTemplate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]bool{}
	for _, f := range api.Functions {
		operations[f.Operation] = true
	}
	for _, want := range []string{"authorizer", "put-application", "create-api-key", "delete-api-key"} {
		if !operations[want] {
			t.Errorf("no function for %s: add %s to the template", want, stack.LogicalID(want))
		}
	}
}

func TestGatewayResponsesOfTheTemplateHaveTheContractsStatus(t *testing.T) {
	api, err := stack.Load(realTemplate(t), map[string]string{"AllowedOrigins": "https://a.example,https://b.example"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 503,
		"AUTHORIZER_FAILURE": 503, "BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "DEFAULT_4XX": 0,
		"DEFAULT_5XX": 0, "INTEGRATION_FAILURE": 502, "INTEGRATION_TIMEOUT": 504, "INVALID_SIGNATURE": 404,
		"MISSING_AUTHENTICATION_TOKEN": 404, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413,
		"RESOURCE_NOT_FOUND": 404, "THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415,
		"WAF_FILTERED": 403,
	}
	got := map[string]int{}
	for name, r := range api.API.Responses {
		got[name] = r.Status
		if r.Headers["Cache-Control"] != "'no-store'" {
			t.Errorf("%s: Cache-Control is %q, want no-store on everything but JWKS", name, r.Headers["Cache-Control"])
		}
		if r.Headers["Access-Control-Allow-Origin"] != "'https://a.example'" || r.Headers["Vary"] != "'Origin'" {
			t.Errorf("%s: CORS headers %v, want the first allowed origin", name, r.Headers)
		}
		if strings.Contains(r.Body, "$") {
			t.Errorf("%s: body %s repeats something of the request or the failure", name, r.Body)
		}
		unavailable := r.Status == 429 || r.Status == 503
		if _, has := r.Headers["Retry-After"]; has != unavailable {
			t.Errorf("%s: has Retry-After: %t, want %t", name, has, unavailable)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := api.API.Responses["UNAUTHORIZED"].Headers["WWW-Authenticate"]; got != "'Bearer'" {
		t.Errorf("WWW-Authenticate of a 401 is %q, want 'Bearer'", got)
	}
}

func TestWithoutAllowedOriginsThereAreNoCORSHeaders(t *testing.T) {
	api, err := stack.Load(realTemplate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range api.API.Responses {
		for header := range r.Headers {
			if header == "Vary" || strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s: header %s although no origin is allowed", name, header)
			}
		}
	}
}
