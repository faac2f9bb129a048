package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// translated is what SAM makes of the template: what CloudFormation gets.
func translated(t *testing.T) map[string]section {
	t.Helper()
	if os.Getenv("TRANSLATED") == "" {
		t.Skip("make template translates the template")
	}
	raw, err := os.ReadFile(os.Getenv("TRANSLATED"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Resources map[string]section }
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all.Resources
}

// Without OpenApiVersion SAM makes another stage, and an alias that is missed calls code that no canary watches.
func TestTranslatedAPIIsOneRegionalStageThatCallsEveryFunctionThroughItsAlias(t *testing.T) {
	count, public := map[string]int{}, map[string]bool{}
	for _, r := range translated(t) {
		kind := fmt.Sprint(r["Type"])
		count[kind]++
		if kind != "AWS::ApiGateway::RestApi" {
			continue
		}
		if types := list(at(r, "Properties", "EndpointConfiguration", "Types")); !slices.Equal(types, []string{"REGIONAL"}) {
			t.Errorf("the API is %v", types)
		}
		for path, methods := range at(r, "Properties", "Body", "paths").(section) {
			for method, m := range methods.(section) {
				if uri := fmt.Sprint(at(m, "x-amazon-apigateway-integration", "uri")); !strings.Contains(uri, "FunctionAliaslive}") {
					t.Errorf("%s %s calls %s", method, path, uri)
				}
				if security := fmt.Sprint(at(m, "security")); method != "options" && security != "[map[CredentialAuthorizer:[]]]" {
					public[path] = true
				}
			}
		}
	}
	if count["AWS::ApiGateway::RestApi"] != 1 || count["AWS::ApiGateway::Stage"] != 1 {
		t.Errorf("%d APIs with %d stages", count["AWS::ApiGateway::RestApi"], count["AWS::ApiGateway::Stage"])
	}
	for line := range strings.Lines(strings.TrimSpace(contractRoutes)) {
		f := strings.Fields(line)
		if f[3] == "-" && !public[f[1]] {
			t.Errorf("%s should be public", f[1])
		}
		if f[3] == "-" && f[1] != "/jwt/refresh" { // its GET and DELETE are not
			delete(public, f[1])
		}
	}
	if delete(public, "/jwt/refresh"); len(public) > 0 {
		t.Errorf("nothing stands in front of %v", public)
	}
}

// AWS's own policies of a role are listed, with reasons, in validate/accepted.mjs.
func TestTranslatedFunctionsHaveARoleEachAndNoRoleReachesEverything(t *testing.T) {
	all := translated(t)
	roles := map[string]string{}
	for id, r := range all {
		switch r["Type"] {
		case "AWS::Lambda::Function":
			role := fmt.Sprint(at(r, "Properties", "Role", "Fn::GetAtt"))
			if other := roles[role]; other != "" {
				t.Errorf("%s and %s share %s", id, other, role)
			}
			roles[role] = id
		case "AWS::IAM::Role":
			policies, _ := at(r, "Properties", "Policies").([]any)
			for _, p := range policies {
				for _, s := range statements([]any{at(p, "PolicyDocument")}) {
					if actions := fmt.Sprint(s["Action"]); strings.Contains(actions, "*") || slices.Contains(list(s["Resource"]), "*") {
						t.Errorf("%s may %s %v", id, actions, s["Resource"])
					}
				}
			}
		}
	}
	if len(roles) < 20 {
		t.Errorf("only %d roles of functions were found", len(roles))
	}
}
