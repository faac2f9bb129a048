package stack_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// section is a part of the template; CloudFormation's functions read as their arguments.
type section = map[string]any

func sections(t *testing.T) section {
	t.Helper()
	var all section
	if err := yaml.Unmarshal(realTemplate(t), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// at walks down the keys; what is not there is nil.
func at(value any, keys ...string) any {
	for _, key := range keys {
		inner, _ := value.(section)
		value = inner[key]
	}
	return value
}

// ofType are the properties of the resources of one type, at least the given number of them.
func ofType(t *testing.T, kind string, atLeast int) map[string]section {
	t.Helper()
	found := map[string]section{}
	for id, resource := range sections(t)["Resources"].(section) {
		if at(resource, "Type") == kind {
			found[id] = at(resource, "Properties").(section)
		}
	}
	if len(found) < atLeast {
		t.Fatalf("%d resources are %s, want %d or more", len(found), kind, atLeast)
	}
	return found
}

func list(value any) []string {
	many, isList := value.([]any)
	if !isList {
		many = []any{value}
	}
	var all []string
	for _, one := range many {
		all = append(all, fmt.Sprint(one))
	}
	return all
}

// wantEnvelope: what AWS itself answers has the shape of what a function answers.
func wantEnvelope(t *testing.T, name, body string) {
	t.Helper()
	var envelope map[string]any
	err := json.Unmarshal([]byte(body), &envelope)
	message, _ := envelope["message"].(string)
	data, hasData := envelope["data"]
	if err != nil || len(envelope) != 3 || envelope["success"] != false || message == "" || !hasData || data != nil {
		t.Errorf("%s answers %s, want the envelope (%v)", name, body, err)
	}
}

// The parameters of a stack have safe values by default, refuse unsafe ones, and mean something.
func TestParametersAreBoundedDescribedAndUsed(t *testing.T) {
	source, all := string(realTemplate(t)), sections(t)
	_, use, _ := strings.Cut(source, "\nConditions:\n")
	var grouped []string
	for _, group := range at(all, "Metadata", "AWS::CloudFormation::Interface", "ParameterGroups").([]any) {
		grouped = append(grouped, list(at(group, "Parameters"))...)
	}
	for name, p := range all["Parameters"].(section) {
		_, hasDefault := p.(section)["Default"]
		bounded := at(p, "AllowedValues") != nil || at(p, "AllowedPattern") != nil ||
			at(p, "MinValue") != nil && at(p, "MaxValue") != nil
		if !hasDefault || !bounded || at(p, "Description") == nil || !slices.Contains(grouped, name) {
			t.Errorf("parameter %s needs a default, bounds, a description and a group", name)
		}
		if !regexp.MustCompile(`!Ref ` + name + `\b|\$\{` + name + `\}`).MatchString(use) {
			t.Errorf("nothing uses parameter %s", name)
		}
	}
}

func TestBothDeploymentsOfSamconfigAreStacksOfTheTemplate(t *testing.T) {
	deployments, parameters := 0, sections(t)["Parameters"]
	config := read(t, "samconfig.toml")
	for line := range strings.Lines(config) {
		overrides, isOverrides := strings.CutPrefix(line, "parameter_overrides = ")
		if !isOverrides {
			continue
		}
		deployments++
		var pairs []string
		if err := json.Unmarshal([]byte(overrides), &pairs); err != nil {
			t.Fatal(err)
		}
		given := map[string]string{}
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			given[name] = value
			allowed := at(parameters, name, "AllowedValues")
			if allowed != nil && !slices.Contains(list(allowed), value) {
				t.Errorf("%s is none of %v", pair, allowed)
			}
		}
		if given["Stage"] == "prod" { // see the comment in samconfig.toml
			given["Issuer"] = "https://tokens.example"
		}
		if _, err := stack.Load(realTemplate(t), given); err != nil {
			t.Error(err)
		}
	}
	if deployments != 3 { // dev, prod and sam local
		t.Errorf("%d lists of parameters were found", deployments)
	}
	if cached := strings.Count(config, "cached = false"); cached != 2 || strings.Contains(config, "cached = true") {
		t.Error("a cached makefile build ships stale code")
	}
	if strings.Count(config, "build_in_source = true") != 2 {
		t.Error("SAM copies the whole directory for every function, tools and local data included")
	}
}

// AWS resolves what a template spells with a $; what is left must be JSON, whatever the values are.
func TestAccessLogIsJSONWithoutHeadersQueryOrBody(t *testing.T) {
	format, _ := at(sections(t), "Resources", "Api", "Properties", "AccessLogSetting").([]any)[1].(section)["Format"].(string)
	var line map[string]string
	if err := json.Unmarshal([]byte(format), &line); err != nil {
		t.Fatalf("%v: %s", err, format)
	}
	for _, name := range []string{"requestId", "tenantId", "status", "errorType", "latency", "integrationLatency", "authorizerLatency"} {
		if line[name] == "" {
			t.Errorf("the access log lacks %s", name)
		}
	}
	for name, value := range line {
		// resourcePath is the route's own, with {tokenId}; path and error messages repeat the request.
		if regexp.MustCompile(`(?i)\.path$|identity|override|message|header|query|body`).MatchString(value) {
			t.Errorf("%s logs %s of the request", name, value)
		}
	}
}

// REST APIs take settings for one method by a path in which ~1 stands for a slash; a misspelt one throttles nothing.
func TestRefreshAndIssueHaveThrottlesOfTheirOwn(t *testing.T) {
	api, err := stack.Load(realTemplate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]string{}, map[string]string{"* /*": "ThrottleRate ThrottleBurst"}
	for _, s := range at(sections(t), "Resources", "Api", "Properties", "MethodSettings").([]any) {
		path := strings.ReplaceAll(strings.TrimPrefix(fmt.Sprint(at(s, "ResourcePath")), "/~1"), "~1", "/")
		route := fmt.Sprint(at(s, "HttpMethod"), " /", strings.TrimPrefix(path, "/"))
		got[route] = fmt.Sprint(at(s, "ThrottlingRateLimit"), " ", at(s, "ThrottlingBurstLimit"))
		if at(s, "DataTraceEnabled") != false || at(s, "CachingEnabled") != false || at(s, "MetricsEnabled") != true {
			t.Errorf("%s: want metrics, no data trace, which logs tokens, and no cache", route)
		}
	}
	for _, r := range api.API.Routes {
		switch {
		case r.Method != "POST":
		case r.Operation == "issue":
			want["POST "+r.Path] = "IssueRate IssueBurst"
		case slices.Contains([]string{"refresh", "user-refresh-token", "authenticate-refresh", "oauth-token"}, r.Operation):
			want["POST "+r.Path] = "RefreshRate RefreshBurst"
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("throttles are\n%v, want\n%v", got, want)
	}
}

func TestGatewayResponsesAndTheFirewallAnswerWithTheEnvelope(t *testing.T) {
	api, err := stack.Load(realTemplate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range api.API.Responses {
		wantEnvelope(t, name, r.Body)
	}
	firewall := ofType(t, "AWS::WAFv2::WebACL", 1)["WebACL"]
	for name, body := range firewall["CustomResponseBodies"].(section) {
		wantEnvelope(t, "the firewall, "+name+",", fmt.Sprint(at(body, "Content")))
	}
	rates := 0
	for _, rule := range append(firewall["Rules"].([]any), firewall) {
		if at(rule, "VisibilityConfig", "SampledRequestsEnabled") != false {
			t.Errorf("%v shows credentials in its samples", at(rule, "VisibilityConfig", "MetricName"))
		}
		if at(rule, "Statement", "RateBasedStatement") == nil {
			continue
		}
		rates++
		answer := at(rule, "Action", "Block", "CustomResponse")
		if fmt.Sprint(at(answer, "ResponseCode")) != "429" || at(answer, "CustomResponseBodyKey") != "throttled" ||
			!strings.Contains(fmt.Sprint(at(answer, "ResponseHeaders")), "Retry-After") {
			t.Errorf("rule %v answers %v, want a 429 with the envelope and Retry-After", at(rule, "Name"), answer)
		}
	}
	redacted := fmt.Sprint(ofType(t, "AWS::WAFv2::LoggingConfiguration", 1)["WebACLLogging"]["RedactedFields"])
	for _, field := range []string{"authorization", "cookie", "QueryString", "UriPath"} {
		if !strings.Contains(redacted, field) {
			t.Errorf("the firewall logs %s", field)
		}
	}
	if rates < 2 {
		t.Errorf("%d rate rules were found", rates)
	}
}
