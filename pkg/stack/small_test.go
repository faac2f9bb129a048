package stack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

const small = `
Parameters:
  Stage: {Type: String, Default: dev}
  Fancy: {Type: String, Default: "no"}
Conditions:
  IsFancy: !Equals [!Ref Fancy, "yes"]
  IsPlain: !Not [Condition: IsFancy]
  Both: !And [!Condition IsFancy, !Condition IsPlain]
  Either: {"Fn::Or": [{Condition: IsFancy}, {Condition: IsPlain}]}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: !Sub ${Stage}
      Auth:
        DefaultAuthorizer: Gate
        Authorizers:
          Gate:
            FunctionPayloadType: REQUEST
            FunctionArn: {"Fn::GetAtt": [GateKeeperFunction, Arn]}
            Identity: {ReauthorizeEvery: 0}
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters:
            Headers:
              A: !Join ["-", [a, !Ref Stage, "${!x}"]]
              B: !Select [1, !Split [",", "p,q"]]
              C: !If [Both, x, !Ref AWS::NoValue]
              D: !If [Either, !Sub ["${v}${!lit}${AWS::Region}${Un.Known}", {v: !Ref Fancy}], x]
              E: !FindInMap [a, b, c]
          ResponseTemplates: {application/json: '{"m":1}'}
  GateKeeperFunction:
    Type: AWS::Serverless::Function
  OneThingFunction:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/a/{b}", Method: get}}
        Open:
          Type: Api
          Properties:
            RestApiId: {Ref: Api}
            Path: /open
            Method: POST
            Auth: {Authorizer: NONE}
        Timer: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  FancyFunction:
    Type: AWS::Serverless::Function
    Condition: IsFancy
    Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /fancy, Method: get}}}}
`

func TestLoadEvaluatesTheTemplateAsAStackWouldHaveIt(t *testing.T) {
	got, err := stack.Load([]byte(small), map[string]string{"Stage": "prod"})
	if err != nil {
		t.Fatal(err)
	}
	want := stack.API{
		LogicalID: "Api", Stage: "prod",
		Routes: []stack.Route{
			{Method: "GET", Path: "/a/{b}", Function: "OneThingFunction", Operation: "one-thing", Authorizer: "gate-keeper"},
			{Method: "POST", Path: "/open", Function: "OneThingFunction", Operation: "one-thing"},
		},
		Responses: map[string]stack.Response{"UNAUTHORIZED": {
			Status: 401, Body: `{"m":1}`,
			Headers: map[string]string{
				"A": "a-prod-${!x}", "B": "q", "D": "no${lit}us-east-1${Un.Known}", "E": "${Fn::FindInMap}",
			},
		}},
	}
	if diff := cmp.Diff(want, got.API); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
	fancy, err := stack.Load([]byte(small), map[string]string{"Fancy": "yes"})
	if err != nil {
		t.Fatal(err)
	}
	if last := fancy.API.Routes[len(fancy.API.Routes)-1]; last.Path != "/fancy" {
		t.Errorf("a resource whose condition holds has no route: last is %+v", last)
	}
}

func TestLoadSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"an alias", "Stage: {Type: String, Default: dev}", "Stage: &a {Type: String, Default: dev}", "line 3"},
		{"broken YAML", "Conditions:", "Conditions: [", "parse template"},
		{"a doubled key", "  Fancy: {", "  Stage: {", "already defined"},
		{"no default", "Default: dev", "NoEcho: true", "line 3: parameter Stage has neither"},
		{"an unknown condition", "[Both, x", "[Nope, x", `no condition "Nope"`},
		{"a condition on itself", "!Equals [!Ref Fancy, \"yes\"]", "!Not [!Condition IsFancy]", `"IsFancy" needs itself`},
		{"wrong arity", `!Join ["-",`, `!Join ["-", b,`, "line 27: Fn::Join: want 2 arguments"},
		{"a selection out of range", "!Select [1,", "!Select [9,", `no item "9" among 2`},
		{"an open substitution", "!Sub ${Stage}", "!Sub ${Stage", "lacks a closing brace"},
		{"a foreign function id", "OneThingFunction:", "OneThing:", "resource OneThing: line"},
		{"an unknown authorizer", "Authorizer: NONE", "Authorizer: Other", `no authorizer "Other"`},
		{"a caching authorizer", "ReauthorizeEvery: 0", "ReauthorizeEvery: 300", "ReauthorizeEvery must be 0"},
		{"a token authorizer", "Type: REQUEST", "Type: TOKEN", "must be REQUEST"},
		{"the implicit API", "RestApiId: {Ref: Api}", "Other: x", "RestApiId must be !Ref Api"},
		{"a doubled route", "Path: /open\n            Method: POST", "Path: /a/{b}\n            Method: GET", "belongs to"},
		{"a greedy path", "Path: /open", "Path: /{all+}", "greedy"},
		{"a relative path", "Path: /open", "Path: open", "must begin with a slash"},
		{"a bad status", "StatusCode: 401", "StatusCode: 40x", `"40x" is not a status`},
		{"a status on a default", "UNAUTHORIZED:", "DEFAULT_4XX:", "every error the one status"},
		{"no API", "AWS::Serverless::Api", "AWS::Serverless::HttpApi", "no AWS::Serverless::Api"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(small, c.old) {
				t.Fatalf("the template has no %q", c.old)
			}
			_, err := stack.Load([]byte(strings.Replace(small, c.old, c.new, 1)), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestLoadRefusesParametersThatTheTemplateDoesNotDeclare(t *testing.T) {
	_, err := stack.Load([]byte(small), map[string]string{"Stagee": "x"})
	if err == nil || !strings.Contains(err.Error(), `no parameter "Stagee"`) {
		t.Errorf("error %v, want one that names the parameter", err)
	}
}

func TestOneWordPerOperation(t *testing.T) {
	for operation, id := range map[string]string{
		"retrieve-by-id": "RetrieveByIdFunction", "issue": "IssueFunction",
		"delete-by-user-and-application": "DeleteByUserAndApplicationFunction", "oauth2-token": "Oauth2TokenFunction",
	} {
		if got := stack.LogicalID(operation); got != id {
			t.Errorf("LogicalID(%q) = %q, want %q", operation, got, id)
		}
		if got, err := stack.Operation(id); got != operation || err != nil {
			t.Errorf("Operation(%q) = %q, %v, want %q", id, got, err, operation)
		}
	}
	for _, id := range []string{"", "Function", "Issue", "issueFunction", "Is-sueFunction", "-Function"} {
		if got, err := stack.Operation(id); err == nil {
			t.Errorf("Operation(%q) = %q, want an error", id, got)
		}
	}
}

func FuzzLoadNeverPanics(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("Resources: {A: !If [a, b, c]}"))
	f.Add([]byte("a: !Sub\n- ${b\n- !Ref"))
	f.Add([]byte("Conditions: {A: !Not [Condition: A]}\nResources: {F: {Type: !If [A, x, y]}}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		api, err := stack.Load(source, nil)
		if (api == nil) == (err == nil) {
			t.Errorf("api %v and error %v: want exactly one", api, err)
		}
	})
}

func FuzzOperationReversesLogicalID(f *testing.F) {
	f.Add("RetrieveByIdFunction")
	f.Fuzz(func(t *testing.T, id string) {
		if operation, err := stack.Operation(id); err == nil && stack.LogicalID(operation) != id {
			t.Errorf("Operation(%q) = %q, whose id is %q", id, operation, stack.LogicalID(operation))
		}
	})
}
