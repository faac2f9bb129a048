package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// statement is one of an IAM policy.
type statement struct {
	Sid              string
	Action, Resource texts
	Principal        any
	Condition        map[string]map[string]any
}

type policy struct{ Statement []statement }

// granted are the statements that the roles of functions get, by function or managed policy.
func granted(t *testing.T, template *stack.Template) map[string][]statement {
	t.Helper()
	all := map[string][]statement{}
	for _, f := range template.Functions {
		role := template.Resources[f.LogicalID].Properties
		if role["Role"] != nil {
			t.Errorf("%s has a Role, beside which SAM drops Policies", f.LogicalID)
		}
		policies, _ := role["Policies"].([]any)
		for _, p := range policies {
			if _, isInline := p.(map[string]any); isInline {
				inline := properties[policy](t, stack.Resource{Properties: p.(map[string]any)})
				all[f.LogicalID] = append(all[f.LogicalID], inline.Statement...)
			}
		}
	}
	for id, r := range ofType(t, template, "AWS::IAM::ManagedPolicy") {
		all[id] = properties[struct{ PolicyDocument policy }](t, r).PolicyDocument.Statement
	}
	return all
}

// Each function may do what its operation does, to the table and the secrets of this stack, and nothing else.
func TestPoliciesNameTheirActionsAndResources(t *testing.T) {
	checked := 0
	for id, statements := range granted(t, deployed(t)) {
		for _, s := range statements {
			wantScoped(t, id, s)
			checked++
		}
	}
	if checked < 30 {
		t.Fatalf("only %d statements were found", checked)
	}
}

func wantScoped(t *testing.T, id string, s statement) {
	t.Helper()
	ofTheStack := regexp.MustCompile(`^\$\{(TokenTable\.Arn|TokenTable\.StreamArn|DataKey\.Arn|\w+KeysSecret|LifecycleEvents\.Arn|DeadLetters\.Arn)\}$`)
	for _, r := range s.Resource {
		if !ofTheStack.MatchString(r) && r != arn("TokenTable")+"/index/ByTokenId" {
			t.Errorf("%s may reach %s, want a resource of the stack", id, r)
		}
	}
	for _, action := range s.Action {
		service, verb, _ := strings.Cut(action, ":")
		if strings.Contains(action, "*") || slices.Contains([]string{"Scan", "DeleteTable", "PartiQLSelect", "DeleteSecret"}, verb) {
			t.Errorf("%s may %s", id, action)
		}
		switch service {
		case "dynamodb":
			if slices.Equal(s.Resource, []string{"${TokenTable.StreamArn}"}) { // it has no keys to name
				continue
			}
			keys := strings.Fields(strings.Trim(fmt.Sprint(s.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]), "[]"))
			foreign := func(key string) bool {
				return !slices.Contains([]string{"TENANT#*", "APIKEY#*", "TENANTS", "IMPORTED#*", "TENANT#*#USER#*"}, key)
			}
			// ForAllValues holds for a request without keys, so Null demands some.
			some := s.Condition["Null"]["dynamodb:LeadingKeys"]
			if len(keys) == 0 || slices.ContainsFunc(keys, foreign) || some != "false" {
				t.Errorf("%s may %s under %v, want it for tenants or API keys only", id, action, s.Condition)
			}
		case "kms":
			if s.Condition["StringEquals"]["kms:ViaService"] == nil {
				t.Errorf("%s may %s under %v, want it through a service only", id, action, s.Condition)
			}
		case "secretsmanager": // TestOnlySignersAndRotationReachPrivateKeys
		case "events", "sqs":
			if id != "AuditFunction" || verb != "PutEvents" && verb != "SendMessage" {
				t.Errorf("%s may %s", id, action)
			}
		default:
			t.Errorf("%s may %s", id, action)
		}
	}
}

// What an operator invokes reaches no session, and what needs API keys alone no application either.
func TestOperatorsFunctionsReachNoSession(t *testing.T) {
	statements, checked := granted(t, deployed(t)), 0
	for _, rule := range api.Rules() {
		if rule.Who != api.Operators {
			continue
		}
		for _, s := range statements[stack.LogicalID(string(rule.Operation))] {
			checked++
			if rule.Operation == api.ImportSessions && slices.Equal(s.Action, []string{"dynamodb:PutItem"}) {
				continue // it adds sessions, on the condition that none is there
			}
			denied := s.Condition["ForAllValues:StringNotLike"]["dynamodb:LeadingKeys"]
			if denied != "TENANT#*#USER#*" && denied != "TENANT#*#*" {
				t.Errorf("%s may %v but for %v, want it but for sessions", rule.Operation, s.Action, denied)
			}
		}
	}
	if checked < 8 {
		t.Errorf("got %d statements, want 8 or more", checked)
	}
}

// The claims hook is invoked by what issues and refreshes, by that ARN alone, and by nobody without the parameter.
func TestOnlyWhatIssuesAndRefreshesMayAskTheClaimsHook(t *testing.T) {
	const hook = "arn:aws:lambda:eu-west-1:123456789012:function:claims:live"
	asks := []string{"AuthenticateRefreshFunction", "IssueFunction", "OauthTokenFunction", "RefreshFunction", "UserRefreshTokenFunction"}
	for _, arn := range []string{"", hook} {
		template := deployed(t, "ClaimsHookArn="+arn, "ClaimsHookFailure=refuse")
		var got []string
		for _, f := range template.Functions {
			policies, _ := template.Resources[f.LogicalID].Properties["Policies"].([]any)
			if slices.Contains(policies, any(ref("AskClaimsHook"))) {
				got = append(got, f.LogicalID)
			}
			knows := f.Variables["CLAIMS_HOOK_ARN"] != "" || arn == "" && slices.Contains(asks, f.LogicalID)
			if knows != slices.Contains(asks, f.LogicalID) || knows && f.Variables["CLAIMS_HOOK_FAILURE"] != "refuse" {
				t.Errorf("%s: got the hook %q and %q", f.LogicalID, f.Variables["CLAIMS_HOOK_ARN"], f.Variables["CLAIMS_HOOK_FAILURE"])
			}
		}
		statements := granted(t, template)["AskClaimsHook"]
		_, watched := alarms(t, template)["ClaimsHookFailures"]
		if arn == "" {
			if len(got) != 0 || statements != nil || watched {
				t.Errorf("without a hook: got %v, %v, an alarm: %v, want nobody to ask and no alarm", got, statements, watched)
			}
			continue
		}
		slices.Sort(got)
		if !slices.Equal(got, asks) || !watched {
			t.Errorf("got %v, an alarm: %v, want %v and an alarm", got, watched, asks)
		}
		if len(statements) != 1 || !slices.Equal(statements[0].Action, []string{"lambda:InvokeFunction"}) ||
			!slices.Equal(statements[0].Resource, []string{hook}) {
			t.Errorf("got %v, want lambda:InvokeFunction on %s alone", statements, hook)
		}
	}
}

// Law 10: only where a deployment accepts imports may a function look for one, and then those that take refresh tokens.
func TestOnlyWhatTakesRefreshTokensFindsImportedOnes(t *testing.T) {
	finds := []string{
		"AuthenticateRefreshFunction", "DeleteByStringFunction", "DocumentedFormsFunction", "LogoutFunction", "OauthRevokeFunction", "OauthTokenFunction",
		"RefreshFunction", "UserRefreshTokenFunction",
	}
	for _, accept := range []string{"false", "true"} {
		template := deployed(t, "AcceptImported="+accept, "ImportedTokenPattern=[a-z]+")
		var got []string
		for _, f := range template.Functions {
			policies, _ := template.Resources[f.LogicalID].Properties["Policies"].([]any)
			if slices.Contains(policies, any(ref("FindImported"))) {
				got = append(got, f.LogicalID)
			}
			if slices.Contains(finds, f.LogicalID) && (f.Variables["ACCEPT_IMPORTED"] != accept || f.Variables["IMPORTED_TOKEN_PATTERN"] != "[a-z]+") {
				t.Errorf("%s: got %q and %q", f.LogicalID, f.Variables["ACCEPT_IMPORTED"], f.Variables["IMPORTED_TOKEN_PATTERN"])
			}
		}
		slices.Sort(got)
		if accept == "true" && !slices.Equal(got, finds) || accept == "false" && len(got) > 0 {
			t.Errorf("AcceptImported=%s: got %v, want %v where it is true", accept, got, finds)
		}
	}
}

// Only the account itself has the whole key, and services use key and topic for this account alone. EventBridge publishes
// to no topic whose policy has a condition for it, nor with such a key.
func TestServicesUseKeyAndTopicForThisAccountOnly(t *testing.T) {
	all := deployed(t).Resources
	statements := slices.Concat(
		properties[struct{ KeyPolicy policy }](t, all["DataKey"]).KeyPolicy.Statement,
		properties[struct{ PolicyDocument policy }](t, all["AlarmTopicPolicy"]).PolicyDocument.Statement,
	)
	tells := 0
	for _, s := range statements {
		if at(s.Principal, "AWS") != nil {
			continue
		}
		service, condition := fmt.Sprint(at(s.Principal, "Service")), fmt.Sprint(s.Condition)
		rules := service == "events.amazonaws.com"
		if rules {
			tells++
		}
		if strings.Contains(fmt.Sprint(s.Action), "*") || strings.Contains(condition, "123456789012") == rules || rules && len(s.Condition) > 0 {
			t.Errorf("%s allows %s %v under %s, want named actions: for this account, and without a condition for EventBridge",
				s.Sid, service, s.Action, condition)
		}
	}
	if tells != 2 {
		t.Errorf("EventBridge may use %d of key and topic, want both", tells)
	}
}

// Law 8: private keys are within reach of the functions that sign and of rotation alone. The authorizers and
// JWKS read the public halves; only rotation writes.
func TestOnlySignersAndRotationReachPrivateKeys(t *testing.T) {
	const read = "secretsmanager:GetSecretValue "
	template := deployed(t)
	signers := []string{
		"IssueFunction", "RefreshFunction", "DocumentedFormsFunction", "UserRefreshTokenFunction", "AuthenticateRefreshFunction", "OauthTokenFunction",
	}
	// Those whose requests hold refresh tokens.
	readers := append([]string{"DeleteByStringFunction", "LogoutFunction", "OauthRevokeFunction", "OauthIntrospectFunction"}, signers...)
	rotates := map[string][]string{
		"RotateSigningKeysFunction": {"SigningKeysSecret", "PublicKeysSecret"}, "RotateTokenKeysFunction": {"TokenKeysSecret"},
	}
	statements := granted(t, template)
	for _, f := range template.Functions {
		id, actions := f.LogicalID, secretActions(statements[f.LogicalID])
		for _, action := range actions {
			_, secret, _ := strings.Cut(action, " ")
			permitted := action == read+"PublicKeysSecret" || slices.Contains(rotates[id], secret) ||
				action == read+"TokenKeysSecret" && slices.Contains(readers, id) ||
				action == read+"SigningKeysSecret" && slices.Contains(signers, id)
			if !permitted {
				t.Errorf("%s may %s", id, action)
			}
		}
		if slices.Contains([]string{"authorizer", "authorize-resource", "jwks"}, f.Operation) && !slices.Equal(actions, []string{read + "PublicKeysSecret"}) {
			t.Errorf("%s may %v, want the public halves alone", id, actions)
		}
		for _, secret := range rotates[id] {
			for _, verb := range []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} {
				if action := "secretsmanager:" + verb + " " + secret; !slices.Contains(actions, action) {
					t.Errorf("%s may not %s", id, action)
				}
			}
		}
		wantVariables(t, f, actions)
	}
}

// secretActions lists what statements allow with which secret, as "secretsmanager:GetSecretValue TokenKeysSecret".
func secretActions(statements []statement) []string {
	var all []string
	for _, s := range statements {
		for _, action := range s.Action {
			for _, secret := range s.Resource {
				if strings.HasPrefix(action, "secretsmanager:") {
					all = append(all, action+" "+strings.Trim(secret, "${}"))
				}
			}
		}
	}
	return all
}

// wantVariables: a function knows the secrets that it may read, and no other.
func wantVariables(t *testing.T, f stack.Function, actions []string) {
	t.Helper()
	for variable, secret := range map[string]string{
		"SIGNING_KEYS_SECRET_ARN": "SigningKeysSecret", "PUBLIC_KEYS_SECRET_ARN": "PublicKeysSecret", "TOKEN_KEYS_SECRET_ARN": "TokenKeysSecret",
	} {
		if may := slices.Contains(actions, "secretsmanager:GetSecretValue "+secret); may != (f.Variables[variable] == ref(secret)) {
			t.Errorf("%s: %s is %q, and reading that secret is allowed: %t", f.LogicalID, variable, f.Variables[variable], may)
		}
	}
}
