package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
)

// A route has the authorizer where the table of operations asks for a credential.
func TestARouteIsAuthorizedWhereItsOperationNeedsACredential(t *testing.T) {
	who := map[string]api.Who{}
	for _, rule := range api.Rules() {
		who[string(rule.Operation)] = rule.Who
	}
	for _, r := range deployed(t).API.Routes {
		want := ""
		if who[r.Operation] == api.Keys || who[r.Operation] == api.KeysAndUser {
			want = "authorizer"
		}
		if r.Authorizer != want && r.Method != "OPTIONS" {
			t.Errorf("%s %s: got authorizer %q, want %q", r.Method, r.Path, r.Authorizer, want)
		}
	}
}

func TestGatewayResponsesAreEnvelopesWithTheContractsStatus(t *testing.T) {
	want := map[string]int{
		"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 503,
		"AUTHORIZER_FAILURE": 503, "BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "DEFAULT_4XX": 0,
		"DEFAULT_5XX": 0, "INTEGRATION_FAILURE": 502, "INTEGRATION_TIMEOUT": 504, "INVALID_SIGNATURE": 404,
		"MISSING_AUTHENTICATION_TOKEN": 404, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413,
		"RESOURCE_NOT_FOUND": 404, "THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415,
		"WAF_FILTERED": 403,
	}
	got := map[string]int{}
	for name, r := range deployed(t, "AllowedOrigins=https://a.example,https://b.example").API.Responses {
		got[name] = r.Status
		wantEnvelope(t, name, r.Body)
		if strings.Contains(r.Body, "$") {
			t.Errorf("%s: body %s repeats something of the request or the failure", name, r.Body)
		}
		headers := map[string]string{
			"Cache-Control": "'no-store'", "X-Content-Type-Options": "'nosniff'", "Vary": "'Origin'", "Access-Control-Allow-Credentials": "'true'",
			"Access-Control-Allow-Origin": "'https://a.example'",
		}
		if r.Status == 429 || r.Status == 503 {
			headers["Retry-After"] = r.Headers["Retry-After"]
		}
		if r.Status == 401 {
			headers["WWW-Authenticate"] = "'" + frame.Challenge + "'"
		}
		if diff := cmp.Diff(headers, r.Headers); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestWithoutAllowedOriginsThereAreNoCORSHeaders(t *testing.T) {
	for name, r := range deployed(t).API.Responses {
		for header := range r.Headers {
			if header == "Vary" || strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s has the header %s, want none for CORS", name, header)
			}
		}
	}
}

// The operations that refresh.
var refreshes = []string{"refresh", "user-refresh-token", "authenticate-refresh", "oauth-token"}

// A misspelt path of a method setting throttles nothing: each one names a route, with ~1 for a slash.
func TestRefreshAndIssueHaveThrottlesOfTheirOwn(t *testing.T) {
	template := deployed(t, "ThrottleRate=1", "ThrottleBurst=2", "RefreshRate=3", "RefreshBurst=4", "IssueRate=5", "IssueBurst=6")
	settings := properties[struct {
		MethodSettings []struct {
			ResourcePath, HttpMethod                         string
			ThrottlingRateLimit, ThrottlingBurstLimit        int
			MetricsEnabled, DataTraceEnabled, CachingEnabled bool
		}
	}](t, template.Resources["Api"]).MethodSettings
	got, want := map[string]string{}, map[string]string{"* /*": "1 2"}
	for _, s := range settings {
		path := strings.ReplaceAll(strings.TrimPrefix(s.ResourcePath, "/~1"), "~1", "/")
		route := s.HttpMethod + " /" + strings.TrimPrefix(path, "/")
		got[route] = fmt.Sprint(s.ThrottlingRateLimit, " ", s.ThrottlingBurstLimit)
		// These settings replace those of all methods; a data trace logs tokens.
		if !s.MetricsEnabled || s.DataTraceEnabled || s.CachingEnabled {
			t.Errorf("%s: got %+v, want metrics, no data trace and no cache", route, s)
		}
	}
	for _, r := range template.API.Routes {
		switch {
		case r.Method != "POST":
		case r.Operation == "issue":
			want["POST "+r.Path] = "5 6"
		case slices.Contains(refreshes, r.Operation):
			want["POST "+r.Path] = "3 4"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("throttles (-want +got):\n%s", diff)
	}
}

// API Gateway resolves what begins with $; the rest must be JSON, whatever the values are.
func TestTheAccessLogIsJSONWithoutHeadersQueryOrBody(t *testing.T) {
	format, _ := at(prod(t).Resources["Api"].Properties, "AccessLogSetting", "Format").(string)
	line, _ := decoded(t, format).(map[string]any)
	for _, name := range []string{"requestId", "tenantId", "status", "errorType", "latency", "integrationLatency", "authorizerLatency"} {
		if line[name] == nil {
			t.Errorf("the access log lacks %s", name)
		}
	}
	for name, value := range line {
		// resourcePath is the route's own, with {tokenId}; path and error messages repeat the request.
		if regexp.MustCompile(`(?i)\.path$|identity|override|message|header|query|body`).MatchString(fmt.Sprint(value)) {
			t.Errorf("%s logs %s of the request", name, value)
		}
	}
}

// The log role of API Gateway is one per account and Region: only a stack that is asked to replaces it.
func TestTheLogRoleOfTheAccountIsReplacedOnRequestOnly(t *testing.T) {
	for _, c := range []struct {
		parameters []string
		logs, role bool
	}{
		{nil, false, false},
		{[]string{"AccountLogRole=true"}, false, false},
		{[]string{"AccessLogs=true"}, true, false},
		{[]string{"AccessLogs=true", "AccountLogRole=true"}, true, true},
	} {
		resources := deployed(t, c.parameters...).Resources
		_, logs := resources["ApiLogs"]
		account, role := resources["Account"]
		if logs != c.logs || role != c.role || role && !account.Retained {
			t.Errorf("%v: logs %t, role %t, retained %t; want logs %t, role %t and retained",
				c.parameters, logs, role, account.Retained, c.logs, c.role)
		}
		if trust := fmt.Sprint(resources["AccountRole"].Properties["AssumeRolePolicyDocument"]); strings.Contains(trust, "Condition") {
			t.Errorf("the role trusts API Gateway by %s, want no condition", trust)
		}
	}
}

// The firewall refuses with the envelope, and neither its samples nor its logs show what the functions redact.
func TestTheFirewallAnswersWithTheEnvelopeAndShowsNoCredential(t *testing.T) {
	template := deployed(t, "Firewall=true")
	type visibility struct{ SampledRequestsEnabled bool }
	acl := properties[struct {
		CustomResponseBodies map[string]struct{ Content string }
		VisibilityConfig     visibility
		Rules                []struct {
			Name   string
			Action struct {
				Block struct {
					CustomResponse *struct {
						ResponseCode          int
						CustomResponseBodyKey string
						ResponseHeaders       []struct{ Name string }
					}
				}
			}
			Statement        map[string]any
			VisibilityConfig visibility
		}
	}](t, template.Resources["WebACL"])
	want := map[string]int{"RateBasedStatement": 429, "SizeConstraintStatement": 413}
	for _, rule := range acl.Rules {
		if rule.VisibilityConfig.SampledRequestsEnabled || acl.VisibilityConfig.SampledRequestsEnabled {
			t.Errorf("rule %s shows credentials in its samples", rule.Name)
		}
		for kind := range rule.Statement {
			status, isRefusal := want[kind]
			if !isRefusal {
				continue
			}
			answer := rule.Action.Block.CustomResponse
			if answer == nil || answer.ResponseCode != status ||
				status == 429 && !slices.ContainsFunc(answer.ResponseHeaders, func(h struct{ Name string }) bool { return h.Name == "Retry-After" }) {
				t.Fatalf("rule %s answers %+v, want %d, with Retry-After if it is 429", rule.Name, answer, status)
			}
			if !slices.ContainsFunc(answer.ResponseHeaders, func(h struct{ Name string }) bool { return h.Name == "X-Content-Type-Options" }) {
				t.Errorf("rule %s answers with the headers %v, want X-Content-Type-Options among them", rule.Name, answer.ResponseHeaders)
			}
			wantEnvelope(t, "rule "+rule.Name, acl.CustomResponseBodies[answer.CustomResponseBodyKey].Content)
		}
	}
	redacted := fmt.Sprint(template.Resources["WebACLLogging"].Properties["RedactedFields"])
	for _, field := range []string{"authorization", "cookie", "QueryString", "UriPath"} {
		if !strings.Contains(redacted, field) {
			t.Errorf("the firewall redacts %s, want %s too", redacted, field)
		}
	}
}

// The firewall counts refreshes by a pattern of paths, in lower case and behind the stage.
func TestTheFirewallCountsEveryRouteThatRefreshes(t *testing.T) {
	template := deployed(t, "Firewall=true")
	rules, _ := template.Resources["WebACL"].Properties["Rules"].([]any)
	var pattern *regexp.Regexp
	for _, rule := range rules {
		scope := at(rule, "Statement", "RateBasedStatement", "ScopeDownStatement", "RegexMatchStatement", "RegexString")
		if scope != nil {
			pattern = regexp.MustCompile(fmt.Sprint(scope))
		}
	}
	if pattern == nil {
		t.Fatalf("rules: got %v, want one that counts refreshes", rules)
	}
	for _, r := range template.API.Routes {
		path := strings.ToLower("/" + template.API.Stage + r.Path)
		if got, want := pattern.MatchString(path), slices.Contains(refreshes, r.Operation); r.Method == "POST" && got != want {
			t.Errorf("%s matches %s: %t, want %t", path, pattern, got, want)
		}
	}
}
