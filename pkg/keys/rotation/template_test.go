package rotation_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// resource is what matters here of a resource of template.yaml; intrinsic functions read as what they name.
type resource struct {
	Type       string `yaml:"Type"`
	DependsOn  string `yaml:"DependsOn"`
	Properties struct {
		Policies      []any          `yaml:"Policies"`
		Environment   map[string]any `yaml:"Environment"`
		KmsKeyID      string         `yaml:"KmsKeyId"`
		FunctionName  string         `yaml:"FunctionName"`
		Principal     string         `yaml:"Principal"`
		SourceAccount string         `yaml:"SourceAccount"`
		SourceArn     string         `yaml:"SourceArn"`
		SecretID      string         `yaml:"SecretId"`
		SecretString  string         `yaml:"SecretString"`
		Function      string         `yaml:"RotationLambdaARN"`
		Immediately   *bool          `yaml:"RotateImmediatelyOnUpdate"`
	} `yaml:"Properties"`
}

func resources(t *testing.T) map[string]resource {
	t.Helper()
	raw, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]yaml.RawMessage `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	all := map[string]resource{}
	for id, source := range template.Resources {
		var kind struct {
			Type string `yaml:"Type"`
		}
		if err := yaml.Unmarshal(source, &kind); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		var r resource
		if slices.Contains([]string{
			"AWS::Serverless::Function", "AWS::SecretsManager::Secret", "AWS::SecretsManager::RotationSchedule", "AWS::Lambda::Permission",
		}, kind.Type) {
			if err := yaml.Unmarshal(source, &r); err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			all[id] = r
		}
	}
	return all
}

// secretActions lists what a function may do with which secret, as "Get SigningKeysSecret".
func secretActions(t *testing.T, r resource) []string {
	t.Helper()
	var all []string
	for _, policy := range r.Properties.Policies {
		inline, isInline := policy.(map[string]any)
		if !isInline {
			continue // a managed policy of this template: UseDataKey, which names no secret
		}
		for _, s := range inline["Statement"].([]any) {
			statement := s.(map[string]any)
			for _, action := range list(statement["Action"]) {
				if strings.Contains(action, "*") {
					t.Errorf("a policy allows %s", action)
				}
				name, isSecret := strings.CutPrefix(action, "secretsmanager:")
				if !isSecret {
					continue
				}
				for _, secret := range list(statement["Resource"]) {
					all = append(all, name+" "+secret)
				}
			}
		}
	}
	return all
}

func list(value any) []string {
	if many, isList := value.([]any); isList {
		var all []string
		for _, one := range many {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return []string{fmt.Sprint(value)}
}

// Law 8: private keys are within reach of the functions that sign and of rotation alone. Everybody else, the
// authorizer and JWKS above all, reads the public halves; nobody but rotation writes.
func TestOnlySignersAndRotationReachPrivateKeys(t *testing.T) {
	const read = "GetSecretValue "
	signers := []string{
		"IssueFunction", "RefreshFunction", "DocumentedFormsFunction", "UserRefreshTokenFunction", "AuthenticateRefreshFunction", "OauthTokenFunction",
	}
	// Those that are handed refresh tokens.
	readers := append([]string{"DeleteByStringFunction", "OauthRevokeFunction", "OauthIntrospectFunction"}, signers...)
	rotates := map[string][]string{
		"RotateSigningKeysFunction": {"SigningKeysSecret", "PublicKeysSecret"}, "RotateTokenKeysFunction": {"TokenKeysSecret"},
	}
	verifiers := []string{"AuthorizerFunction", "JwksFunction"}
	functions := 0
	for id, r := range resources(t) {
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		functions++
		actions := secretActions(t, r)
		for _, action := range actions {
			_, secret, _ := strings.Cut(action, " ")
			allowed := action == read+"PublicKeysSecret" || slices.Contains(rotates[id], secret) ||
				action == read+"TokenKeysSecret" && slices.Contains(readers, id) ||
				action == read+"SigningKeysSecret" && slices.Contains(signers, id)
			if !allowed {
				t.Errorf("%s may %s", id, action)
			}
		}
		if slices.Contains(verifiers, id) && !slices.Equal(actions, []string{read + "PublicKeysSecret"}) {
			t.Errorf("%s: %v", id, actions)
		}
		for _, secret := range rotates[id] {
			for _, action := range []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} {
				if !slices.Contains(actions, action+" "+secret) {
					t.Errorf("%s may not %s %s", id, action, secret)
				}
			}
		}
		wantVariables(t, id, r, actions)
	}
	if functions < 10 {
		t.Fatalf("only %d functions were found", functions)
	}
}

// wantVariables: a function is told of the secrets that it may read, and of no other.
func wantVariables(t *testing.T, id string, r resource, actions []string) {
	t.Helper()
	variables, _ := r.Properties.Environment["Variables"].(map[string]any)
	for variable, secret := range map[string]string{
		"SIGNING_KEYS_SECRET_ARN": "SigningKeysSecret", "PUBLIC_KEYS_SECRET_ARN": "PublicKeysSecret", "TOKEN_KEYS_SECRET_ARN": "TokenKeysSecret",
	} {
		if may := slices.Contains(actions, "GetSecretValue "+secret); may != (variables[variable] == secret) {
			t.Errorf("%s: %s is %v, and it may read that secret: %v", id, variable, variables[variable], may)
		}
	}
}

// Both secrets rotate, by their own function, from a placeholder that serves nobody; nobody else may have Secrets
// Manager call it.
func TestBothSecretsRotate(t *testing.T) {
	all := resources(t)
	for _, name := range []string{"Signing", "Token"} {
		secret, function := name+"KeysSecret", "Rotate"+name+"KeysFunction"
		schedule, permission := all["Rotate"+name+"KeysSchedule"], all["Rotate"+name+"KeysPermission"]
		if p := schedule.Properties; p.SecretID != secret || p.Function != function+".Arn" ||
			schedule.DependsOn != "Rotate"+name+"KeysPermission" || p.Immediately == nil || !*p.Immediately {
			t.Errorf("%s: the schedule is %+v", name, schedule)
		}
		if p := permission.Properties; p.FunctionName != function+".Arn" || p.Principal != "secretsmanager.amazonaws.com" ||
			p.SourceAccount != "AWS::AccountId" || p.SourceArn != secret {
			t.Errorf("%s: the permission is %+v", name, permission)
		}
		if all[secret].Properties.SecretString != placeholder {
			t.Errorf("%s begins with %q", secret, all[secret].Properties.SecretString)
		}
	}
}
