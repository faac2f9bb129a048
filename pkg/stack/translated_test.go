package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

type plainResource struct {
	Type       string
	Properties map[string]any
}

// translatedSource is what SAM makes of the template, and CloudFormation gets.
func translatedSource(t *testing.T) []byte {
	t.Helper()
	if os.Getenv("TRANSLATED") == "" {
		t.Skip("make template translates the template")
	}
	raw, err := os.ReadFile(os.Getenv("TRANSLATED"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func translated(t *testing.T) map[string]plainResource {
	t.Helper()
	var all struct{ Resources map[string]plainResource }
	if err := json.Unmarshal(translatedSource(t), &all); err != nil {
		t.Fatal(err)
	}
	return all.Resources
}

// Without OpenApiVersion SAM makes a second stage; a route past the alias calls code that no canary watches.
func TestTranslatedAPIIsOneRegionalStageThatCallsEveryFunctionThroughItsAlias(t *testing.T) {
	count, public := map[string]int{}, map[string]bool{}
	for _, r := range translated(t) {
		count[r.Type]++
		if r.Type != "AWS::ApiGateway::RestApi" {
			continue
		}
		if got := fmt.Sprint(at(r.Properties, "EndpointConfiguration", "Types")); got != "[REGIONAL]" {
			t.Errorf("the API is %s, want it regional", got)
		}
		paths, _ := at(r.Properties, "Body", "paths").(map[string]any)
		for path, methods := range paths {
			for method, m := range methods.(map[string]any) {
				if uri := fmt.Sprint(at(m, "x-amazon-apigateway-integration", "uri")); !strings.Contains(uri, "FunctionAliaslive}") {
					t.Errorf("%s %s calls %s, want an alias", method, path, uri)
				}
				authorizer := "CredentialAuthorizer"
				if path == "/oauth2/introspect" {
					authorizer = "IntrospectionAuthorizer" // which wants no tenant header
				}
				if security := fmt.Sprint(at(m, "security")); method != "options" && security != "[map["+authorizer+":[]]]" {
					public[strings.ToUpper(method)+" "+path] = true
				}
			}
		}
	}
	if count["AWS::ApiGateway::RestApi"] != 1 || count["AWS::ApiGateway::Stage"] != 1 {
		t.Errorf("got %d APIs with %d stages, want one with one", count["AWS::ApiGateway::RestApi"], count["AWS::ApiGateway::Stage"])
	}
	for line := range strings.Lines(strings.TrimSpace(contractRoutes)) {
		f := strings.Fields(line)
		if route := f[0] + " " + f[1]; (f[3] == "-") != public[route] {
			t.Errorf("%s is public: %t, want %t", route, public[route], f[3] == "-")
		}
	}
}

// The roles that SAM makes are one for each function. AWS's own policies among theirs are listed in
// validate/accepted.mjs.
func TestTranslatedFunctionsHaveARoleEachAndNoRoleReachesEverything(t *testing.T) {
	owner := map[string]string{}
	for id, r := range translated(t) {
		switch r.Type {
		case "AWS::Lambda::Function":
			role := fmt.Sprint(at(r.Properties, "Role", "Fn::GetAtt"))
			if other := owner[role]; other != "" {
				t.Errorf("%s and %s share the role %s", id, other, role)
			}
			owner[role] = id
		case "AWS::IAM::Role":
			policies, _ := r.Properties["Policies"].([]any)
			for _, p := range policies {
				statements, _ := at(p, "PolicyDocument", "Statement").([]any)
				for _, s := range statements {
					if resource := at(s, "Resource"); strings.Contains(fmt.Sprint(at(s, "Action")), "*") || slices.Contains([]string{"*", "[*]"}, fmt.Sprint(resource)) {
						t.Errorf("%s may %v on %v", id, at(s, "Action"), resource)
					}
				}
			}
		}
	}
	if len(owner) < 20 {
		t.Errorf("only %d roles of functions were found", len(owner))
	}
}

// pkg/e2e/lambda compares what functions ask of AWS with the policies in the template: their roles have these, and beside
// them AWS's own for logs and traces.
func TestTranslatedRolesHaveThePoliciesOfTheTemplate(t *testing.T) {
	parameters := pairs([]string{"AcceptImported=true", "ClaimsHookArn=arn:aws:lambda:us-east-1:123456789012:function:claims"})
	whole := map[string]any{}
	if err := json.Unmarshal(translatedSource(t), &whole); err != nil {
		t.Fatal(err)
	}
	resources := whole["Resources"].(map[string]any)
	resources["Serverless"] = map[string]any{"Type": "AWS::Serverless::Api", "Properties": map[string]any{"StageName": "any"}} // Load needs one
	source, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := stack.Load(source, parameters)
	if err != nil {
		t.Fatal(err)
	}
	template, err := stack.Read(filepath.Join(root, "template.yaml"), parameters)
	if err != nil {
		t.Fatal(err)
	}
	awsOwn := regexp.MustCompile(`^arn:aws:iam::aws:policy/(service-role/AWSLambdaBasicExecutionRole|AWSXrayWriteOnlyAccess)$`)
	for _, f := range template.Functions {
		var got []any
		role := roles.Resources[f.LogicalID+"Role"].Properties
		managed, _ := role["ManagedPolicyArns"].([]any)
		for _, policy := range managed {
			if !awsOwn.MatchString(fmt.Sprint(policy)) {
				got = append(got, policy)
			}
		}
		inline, _ := role["Policies"].([]any)
		for _, policy := range inline {
			got = append(got, at(policy, "PolicyDocument"))
		}
		want, _ := template.Resources[f.LogicalID].Properties["Policies"].([]any)
		if diff := cmp.Diff(want, got); diff != "" || len(managed) < 2 {
			t.Errorf("%s (-template +role):\n%s", f.LogicalID, diff)
		}
	}
}
