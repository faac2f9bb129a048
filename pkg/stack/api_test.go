package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTheAPIAsksTheAuthorizerAnewWithBothHeadersAndCachesNothing(t *testing.T) {
	all := sections(t)
	api := ofType(t, "AWS::Serverless::Api", 1)["Api"]
	if at(all, "Globals", "Api", "OpenApiVersion") != "3.0.1" || at(api["EndpointConfiguration"], "Type") != "REGIONAL" {
		t.Errorf("the API is %v of OpenAPI %v", api["EndpointConfiguration"], at(all, "Globals", "Api", "OpenApiVersion"))
	}
	identity := at(api["Auth"], "Authorizers", "CredentialAuthorizer", "Identity")
	if got := fmt.Sprint(identity); got != "map[Headers:[Authorization X-Stencil-TenantId] ReauthorizeEvery:0]" {
		t.Errorf("the authorizer's identity is %s", got)
	}
	if at(api["Auth"], "DefaultAuthorizer") != "CredentialAuthorizer" || api["CacheClusterEnabled"] != nil {
		t.Error("a new route is open by default, or answers come from a cache")
	}
}

// The firewall stands before the stage, and lets no function see a body that the contract refuses for its size.
func TestTheFirewallStandsBeforeTheStageAndBoundsBodies(t *testing.T) {
	association := fmt.Sprint(ofType(t, "AWS::WAFv2::WebACLAssociation", 1)["WebACLAssociation"])
	if !strings.Contains(association, "/restapis/${Api}/stages/${Api.Stage}") || !strings.Contains(association, "WebACL.Arn") {
		t.Errorf("the firewall stands before %s", association)
	}
	for _, rule := range ofType(t, "AWS::WAFv2::WebACL", 1)["WebACL"]["Rules"].([]any) {
		size, isSize := at(rule, "Statement", "SizeConstraintStatement").(section)
		if !isSize {
			continue
		}
		if fmt.Sprintln(size["ComparisonOperator"], size["Size"], at(size["FieldToMatch"], "Body")) != "GT 16384 map[OversizeHandling:MATCH]\n" {
			t.Errorf("the firewall takes bodies by %v", size)
		}
		if answer := at(rule, "Action", "Block", "CustomResponse"); fmt.Sprint(at(answer, "ResponseCode")) != "413" {
			t.Errorf("a body that is too large is answered with %v", answer)
		}
		return
	}
	t.Error("no rule of the firewall bounds bodies")
}

// The account has one log role for all its APIs: it is set only where that is asked for, and outlives the stack.
func TestTheLogRoleOfTheAccountIsAskedForAndStays(t *testing.T) {
	resources := sections(t)["Resources"]
	for _, id := range []string{"Account", "AccountRole"} {
		r := at(resources, id)
		if at(r, "Condition") != "SetAccountLogRole" || at(r, "DeletionPolicy") != "Retain" || at(r, "UpdateReplacePolicy") != "Retain" {
			t.Errorf("%s: %v", id, r)
		}
	}
	if at(sections(t), "Parameters", "AccountLogRole", "Default") != "false" {
		t.Error("a stack replaces the role of the account unasked")
	}
	logs := at(resources, "ApiLogs")
	if at(logs, "Condition") != "WriteAccessLogs" || !slices.Contains(list(at(logs, "Properties", "Tags")), "SetAccountLogRole") {
		t.Errorf("access logs do not wait for the role: %v", logs)
	}
}
