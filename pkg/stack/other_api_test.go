package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// API Gateway alone may invoke the authorizer of the owner's other APIs, for those of the account unless others are named.
// Those APIs name the alias that may be invoked.
func TestOnlyTheOwnersAPIsInvokeTheirAuthorizer(t *testing.T) {
	const own, other = "arn:aws:execute-api:us-east-1:123456789012:*", "arn:aws:execute-api:eu-west-1:210987654321:abc/authorizers/*"
	for given, want := range map[string]string{"": own, other: other} {
		template := deployed(t, "ResourceApiArn="+given, "ResourceAudience=https://api.example", "ResourceAnswer=policy", "ResourceTakesDPoP=true")
		got := fmt.Sprint(template.Resources["AuthorizeResourcePermission"].Properties)
		wantProperties := fmt.Sprint(map[string]any{
			"Action": "lambda:InvokeFunction", "FunctionName": ref("AuthorizeResourceFunction.Alias"),
			"Principal": "apigateway.amazonaws.com", "SourceArn": want,
		})
		if got != wantProperties {
			t.Errorf("%q: got %s, want %s", given, got, wantProperties)
		}
		i := slices.IndexFunc(template.Functions, func(f stack.Function) bool { return f.Operation == "authorize-resource" })
		v := template.Functions[i].Variables
		if v["RESOURCE_AUDIENCE"] != "https://api.example" || v["RESOURCE_ANSWER"] != "policy" || v["RESOURCE_TAKES_DPOP"] != "true" {
			t.Errorf("got the variables %v, want those of the parameters", v)
		}
	}
	if got := fmt.Sprint(deployed(t).Outputs["AuthorizeResourceArn"]); !strings.Contains(got, "${AuthorizeResourceFunction.Arn}:live") {
		t.Errorf("got the output %s, want the alias", got)
	}
}

// The README of pkg/verify imports it, from the stack that samconfig.toml calls prod.
func TestOtherStacksImportTheAuthorizer(t *testing.T) {
	const name = "-AuthorizeResourceArn"
	for file, want := range map[string]string{
		"template.yaml": `Export: {Name: !Sub "${AWS::StackName}` + name + `"}`, "pkg/verify/README.md": "!ImportValue refresh-tokens-prod" + name,
		"samconfig.toml": `stack_name = "refresh-tokens-prod"`,
	} {
		if !strings.Contains(read(t, file), want) {
			t.Errorf("%s: want %s in it", file, want)
		}
	}
}
