package stack_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// refusal is why the template refuses these parameters; nil if it takes them.
func refusal(t testing.TB, parameters ...string) error {
	t.Helper()
	_, err := stack.Load([]byte(read(t, "template.yaml")), pairs(parameters))
	return err
}

// Every parameter works by default, so "sam deploy" needs none, and has bounds that CloudFormation checks.
func TestEveryParameterHasADefaultAndBounds(t *testing.T) {
	nothing, much := []string{}, []string{}
	for name := range deployed(t).Parameters {
		nothing, much = append(nothing, name+"=\x00"), append(much, name+"="+strings.Repeat("9", 5_000))
	}
	for _, given := range [][]string{
		nothing, much,
		{"Issuer=http://tokens.example", "AllowedOrigins=*", "Stage=a/b", "RefreshRate=0", "EpochCopies=0", "TokenKeyRotationDays=1"},
		{"LogLevel=WARN"}, // it would hide the lines of requests, which are the metrics
		{"Issuer=https://tokens.example/", "AllowedOrigins=https://a.example/"},
		{"AllowedOrigins=https://a.example, https://b.example", "AllowedHeaders=a b", "CookieDomain=.example.com"},
		{"PublicUrls=https://a.example/,https://b.example"},
		{"AllowedOrigins=https://a.example'", "AllowedHeaders=*", "CookieDomain=localhost"}, // a quote would end the header's text
		{"AllowedOrigins=null"},
		{"ResourceApiArn=*", "ResourceAudience=a b", "ResourceAnswer=both", "ResourceTakesDPoP=yes"},
		{"ResourceApiArn=arn:aws:execute-api:eu-west-1:*:*"}, // anybody's API would do
		{"ClaimsHookArn=claims", "ClaimsHookFailure=ignore"},
		{"ClaimsHookArn=arn:aws:lambda:eu-west-1:123456789012:function:*"}, // a role could invoke them all
		{"AllowedOrigins=https://A.example"},                               // browsers send lower case
	} {
		err := fmt.Sprint(refusal(t, given...))
		for _, p := range given {
			if name, value, _ := strings.Cut(p, "="); !strings.Contains(err, "parameter "+name+": ") {
				t.Errorf("%s takes %.30q, want a refusal", name, value)
			}
		}
	}
}

func TestOriginsOfEverySchemeAreTaken(t *testing.T) {
	err := refusal(t, "AllowedOrigins=https://app.example.com,capacitor://localhost,chrome-extension://abcdefghijklmnop,http://[::1]:5173",
		"AllowedHeaders=X-Request-Id,X-B3-TraceId", "CookieDomain=example.com",
		"PublicUrls=https://a.example/auth,https://id.execute-api.eu-north-1.amazonaws.com/dev")
	if err != nil {
		t.Errorf("got %v, want none", err)
	}
}

// The placeholder is for trying out: the metadata of a production stack must lead to its own API.
func TestOnlyADevStackHasThePlaceholderForIssuer(t *testing.T) {
	if err := refusal(t, "Stage=prod"); err == nil || !strings.Contains(err.Error(), "needs an Issuer") {
		t.Errorf("prod without an issuer: got %v, want a refusal that names it", err)
	}
	if err := refusal(t, "Stage=prod", "Issuer=https://tokens.example"); err != nil {
		t.Errorf("prod with an issuer: %v", err)
	}
}

func TestEveryDeploymentOfSamconfigIsAStackOfTheTemplate(t *testing.T) {
	lists := overrides(t)
	for _, command := range []string{"default.deploy", "default.local_start_api"} {
		if len(lists[command]) == 0 {
			t.Errorf("%s sets no parameters", command)
		}
		deployed(t, lists[command]...)
	}
	all := prod(t).Resources
	for id, want := range map[string]string{"TokenTable": "true", "WebACLAssociation": "", "ApiLogs": ""} {
		if got := fmt.Sprint(all[id].Properties["DeletionProtectionEnabled"]); all[id].Type == "" || want != "" && got != want {
			t.Errorf("prod has %s as %+v, want it, protected", id, all[id])
		}
	}
}

// The settings that 100 000 refreshes per second need, by the comments at the parameters.
func TestTheTemplateTakesTheSettingsOfALargeLoad(t *testing.T) {
	if err := refusal(t, "RefreshRate=100000", "RefreshBurst=5000", "IssueRate=1000", "MaxReadUnits=105000",
		"MaxWriteUnits=102000", "EpochCopies=34", "ReservedConcurrency=10400", "FirewallRefreshRate=3000000"); err != nil {
		t.Error(err)
	}
}

// Any account, Region and partition takes the template, and two stacks fit into one account.
func TestNothingOfOneAccountRegionOrStackIsWrittenDown(t *testing.T) {
	source := read(t, "template.yaml")
	for _, pattern := range []string{
		`\b[0-9]{12}\b`, `\barn:aws`, `\b[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central)[a-z]*-[0-9]\b`, `\.amazonaws\.com(\.cn)?/`,
	} {
		if found := regexp.MustCompile(pattern).FindString(source); found != "" {
			t.Errorf("the template holds %s", found)
		}
	}
	own := regexp.MustCompile(`^(Name|TableName|FunctionName|RoleName|ManagedPolicyName|QueueName|TopicName|LogGroupName|AlarmName|DashboardName)$`)
	other, names := deployed(t, "AWS::StackName=other", "Firewall=true").Resources, 0
	for id, r := range deployed(t, "AWS::StackName=one", "Firewall=true").Resources {
		if r.Type == "AWS::Lambda::Permission" || r.Type == "AWS::Lambda::EventSourceMapping" { // the name of another
			continue
		}
		for property, name := range r.Properties {
			if !own.MatchString(property) {
				continue
			}
			names++
			if name == other[id].Properties[property] {
				t.Errorf("%s has the %s %v in every stack", id, property, name)
			}
		}
	}
	if names < 2 {
		t.Errorf("only %d names were found", names)
	}
}
