package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statements are those of a function's inline policies; a managed policy is named, not inline.
func statements(policies any) []section {
	var all []section
	many, _ := policies.([]any)
	for _, policy := range many {
		if inline, isInline := policy.(section); isInline {
			for _, s := range inline["Statement"].([]any) {
				all = append(all, s.(section))
			}
		}
	}
	return all
}

// Each function may do what its operation does, to the table and the secrets of this stack, and nothing else.
func TestPoliciesNameTheirActionsAndResources(t *testing.T) {
	checked := 0
	for id, f := range ofType(t, "AWS::Serverless::Function", 20) {
		if f["Role"] != nil {
			t.Errorf("%s: SAM drops Policies beside a Role", id)
		}
		for _, s := range statements(f["Policies"]) {
			wantScoped(t, id, s)
			checked++
		}
	}
	for id, p := range ofType(t, "AWS::IAM::ManagedPolicy", 1) {
		for _, s := range statements([]any{p["PolicyDocument"]}) {
			wantScoped(t, id, s)
			checked++
		}
	}
	if checked < 30 {
		t.Fatalf("only %d statements were found", checked)
	}
}

func wantScoped(t *testing.T, id string, s section) {
	t.Helper()
	resources := list(s["Resource"])
	for _, r := range resources {
		if !regexp.MustCompile(`^(TokenTable\.Arn|\$\{TokenTable\.Arn\}/index/ByTokenId|DataKey\.Arn|\w+KeysSecret|TokenTable\.StreamArn|LifecycleEvents\.Arn|DeadLetters\.Arn)$`).MatchString(r) {
			t.Errorf("%s may reach %s", id, r)
		}
	}
	for _, action := range list(s["Action"]) {
		service, verb, _ := strings.Cut(action, ":")
		if strings.Contains(action, "*") || slices.Contains([]string{"Scan", "DeleteTable", "PartiQLSelect", "DeleteSecret"}, verb) {
			t.Errorf("%s may %s", id, action)
		}
		switch service {
		case "dynamodb":
			if slices.Equal(resources, []string{"TokenTable.StreamArn"}) { // has no keys to name
				continue
			}
			keys, isText := at(s["Condition"], "ForAllValues:StringLike", "dynamodb:LeadingKeys").(string)
			// ForAllValues holds for a request without keys, so there must be keys.
			some := at(s["Condition"], "Null", "dynamodb:LeadingKeys")
			if !isText || !slices.Contains([]string{"TENANT#*", "APIKEY#*"}, keys) || some != "false" {
				t.Errorf("%s may %s any key: %v", id, action, s["Condition"])
			}
		case "kms":
			if at(s["Condition"], "StringEquals", "kms:ViaService") == nil {
				t.Errorf("%s may %s without a service between", id, action)
			}
		case "secretsmanager":
		case "events", "sqs":
			if id != "AuditFunction" || verb != "PutEvents" && verb != "SendMessage" {
				t.Errorf("%s may %s", id, action)
			}
		default:
			t.Errorf("%s may %s", id, action)
		}
	}
}

// Only the account itself has the whole key; a service has it for this account's sake.
func TestServicesUseTheKeyForThisAccountOnly(t *testing.T) {
	key := ofType(t, "AWS::KMS::Key", 1)["DataKey"]
	for _, s := range statements([]any{key["KeyPolicy"]}) {
		if at(s["Principal"], "AWS") != nil {
			continue
		}
		condition := fmt.Sprint(s["Condition"])
		if strings.Contains(fmt.Sprint(s["Action"]), "*") || !strings.Contains(condition, "AWS::AccountId") {
			t.Errorf("%v of the key policy allows %v under %v", s["Sid"], s["Action"], condition)
		}
	}
}
