package stack_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// The placeholder is for trying out: tokens of a production stack must name it, and metadata must lead there.
func TestOnlyADevStackHasThePlaceholderForIssuer(t *testing.T) {
	all := sections(t)
	issuer := at(all, "Parameters", "Issuer", "Default")
	if at(all, "Parameters", "Stage", "Default") != "dev" {
		t.Error("the defaults make no dev stack")
	}
	rule := at(all, "Rules", "IssuerIsSet")
	if got := fmt.Sprint(at(rule, "RuleCondition")); got != "[[Stage dev]]" {
		t.Errorf("the rule of the issuer holds %s", got)
	}
	assertions, _ := at(rule, "Assertions").([]any)
	if len(assertions) != 1 || fmt.Sprint(at(assertions[0], "Assert")) != fmt.Sprintf("[[Issuer %s]]", issuer) ||
		!strings.Contains(fmt.Sprint(at(assertions[0], "AssertDescription")), "Issuer") {
		t.Errorf("the rule of the issuer asserts %v, want another one than %s", assertions, issuer)
	}
	source := string(realTemplate(t))
	for _, negation := range []string{"RuleCondition: !Not [!Equals [", "- Assert: !Not [!Equals ["} {
		if !strings.Contains(source, negation) {
			t.Errorf("the rule lacks %s", negation)
		}
	}
}

func TestProdIsProtectedWatchedAndShiftedGradually(t *testing.T) {
	_, prod, found := strings.Cut(read(t, "samconfig.toml"), "[prod.deploy.parameters]")
	for _, want := range []string{
		"Stage=prod", "UseAuthorizerAlias=true", "Canary=true", "DeletionProtection=true", "Firewall=true", "AccessLogs=true",
	} {
		if !found || !strings.Contains(prod, `"`+want+`"`) {
			t.Errorf("prod lacks %s", want)
		}
	}
}

// Two stacks fit into one account, and any account, Region and partition takes them.
func TestNothingOfOneAccountRegionOrStackIsWrittenDown(t *testing.T) {
	source := string(realTemplate(t))
	for _, pattern := range []string{`\b[0-9]{12}\b`, `\barn:aws`, `\b[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central)[a-z]*-[0-9]\b`, `\.amazonaws\.com(\.cn)?/`} {
		if found := regexp.MustCompile(pattern).FindString(source); found != "" {
			t.Errorf("the template holds %s", found)
		}
	}
	names := 0
	own := regexp.MustCompile(`^(Name|TableName|FunctionName|RoleName|ManagedPolicyName|QueueName|TopicName|LogGroupName|AlarmName|DashboardName)$`)
	for id, r := range sections(t)["Resources"].(section) {
		kind := fmt.Sprint(at(r, "Type"))
		if kind == "AWS::Lambda::Permission" || kind == "AWS::Lambda::EventSourceMapping" { // the name of another
			continue
		}
		properties, _ := at(r, "Properties").(section)
		for name, value := range properties {
			if !own.MatchString(name) {
				continue
			}
			names++
			if !strings.Contains(fmt.Sprint(value), "${AWS::StackName}") {
				t.Errorf("%s has the %s %v in every stack", id, name, value)
			}
		}
	}
	if names < 2 {
		t.Errorf("only %d names were found", names)
	}
}

func TestEveryFunctionIsArm64WithBoundsJSONLogsAndTraces(t *testing.T) {
	globals := at(sections(t), "Globals", "Function").(section)
	for name, want := range map[string]string{
		"Runtime": "provided.al2023", "Architectures": "[arm64]", "Handler": "bootstrap", "MemorySize": "512", "Timeout": "10",
		"Tracing": "Active", "CodeUri": ".",
		"LoggingConfig": "map[ApplicationLogLevel:LogLevel LogFormat:JSON SystemLogLevel:WARN]",
	} {
		if got := fmt.Sprint(globals[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for id, f := range ofType(t, "AWS::Serverless::Function", 20) {
		for _, name := range []string{"Runtime", "Architectures", "Handler", "Tracing", "CodeUri", "Layers"} {
			if f[name] != nil {
				t.Errorf("%s has a %s of its own", id, name)
			}
		}
	}
}
