package stack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

const small = `
Parameters:
  Stage: {Type: String, Default: dev, MaxLength: 9}
  Fancy: {Type: String, Default: "no", AllowedValues: ["no", "yes"]}
  Days: {Type: Number, Default: 7, MinValue: 1, MaxValue: 30}
Globals:
  Function:
    Timeout: 5
    Policies: [one]
    Environment: {Variables: {A: !Ref Stage, B: "1"}}
Conditions:
  IsFancy: !Equals [!Ref Fancy, "yes"]
  IsPlain: !Not [Condition: IsFancy]
  Both: !And [!Condition IsFancy, !Condition IsPlain]
  Either: {"Fn::Or": [{Condition: IsFancy}, {Condition: IsPlain}]}
Rules:
  NeverBoth:
    RuleCondition: !Equals [!Ref Fancy, "yes"]
    Assertions: [{Assert: !Not [!Equals [!Ref Days, 1]], AssertDescription: Fancy takes days.}]
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
    DependsOn: [Queue]
    Properties:
      Timeout: 6
      Policies: [two, !Ref AWS::NoValue]
      Environment: {Variables: {B: "2", C: !Ref Queue}}
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
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      Days: !Ref Days
      Share: 0.5
      Big: true
      Text: "7"
      Fancy: !If [IsFancy, 1, !Ref AWS::NoValue]
  FancyFunction:
    Type: AWS::Serverless::Function
    Condition: IsFancy
    Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /fancy, Method: get}}}}
Outputs:
  QueueUrl: {Value: !Ref Queue}
`

func TestRoutesAndResponsesAreEvaluatedForTheStack(t *testing.T) {
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

func TestResourcesHaveSAMsGlobalsAndTypedValues(t *testing.T) {
	template, err := stack.Load([]byte(small), map[string]string{"Stage": "prod"})
	if err != nil {
		t.Fatal(err)
	}
	one := template.Resources["OneThingFunction"]
	delete(one.Properties, "Events")
	want := stack.Resource{
		Type: "AWS::Serverless::Function", DependsOn: []string{"Queue"}, Properties: map[string]any{
			"Timeout": 6, "Policies": []any{"one", "two"},
			"Environment": map[string]any{"Variables": map[string]any{"A": "prod", "B": "2", "C": "${Queue}"}},
		},
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("function (-want +got):\n%s", diff)
	}
	queue := stack.Resource{
		Type: "AWS::SQS::Queue", Retained: true, Properties: map[string]any{"Days": 7, "Share": 0.5, "Big": true, "Text": "7"},
	}
	if diff := cmp.Diff(queue, template.Resources["Queue"]); diff != "" {
		t.Errorf("queue (-want +got):\n%s", diff)
	}
	functions := []stack.Function{
		{LogicalID: "GateKeeperFunction", Operation: "gate-keeper", Variables: map[string]string{"A": "prod", "B": "1"}},
		{LogicalID: "OneThingFunction", Operation: "one-thing", Variables: map[string]string{"A": "prod", "B": "2", "C": "${Queue}"}},
	}
	if diff := cmp.Diff(functions, template.Functions); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	if got := template.Outputs["QueueUrl"]; got != "${Queue}" {
		t.Errorf("output QueueUrl is %q, want ${Queue}", got)
	}
	if _, exists := template.Resources["FancyFunction"]; exists {
		t.Error("a resource whose condition does not hold is there, want it absent")
	}
}

func TestDecodeNamesTheTypeOfAResourceThatDoesNotFit(t *testing.T) {
	var into struct{ Days string }
	err := stack.Resource{Type: "AWS::SQS::Queue", Properties: map[string]any{"Days": 7}}.Decode(&into)
	if err == nil || !strings.Contains(err.Error(), "AWS::SQS::Queue") {
		t.Errorf("error %v, want one that names the type", err)
	}
}

func TestLoadSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"an alias", "Stage: {Type: String,", "Stage: &a {Type: String,", "line 3"},
		{"broken YAML", "Conditions:", "Conditions: [", "parse template"},
		{"a doubled key", "  Fancy: {", "  Stage: {", "already defined"},
		{"no default", "Default: dev,", "", "line 3: parameter Stage has neither"},
		{"an unknown condition", "[Both, x", "[Nope, x", `no condition is called "Nope"`},
		{"a condition on itself", "!Equals [!Ref Fancy, \"yes\"]", "!Not [!Condition IsFancy]", `"IsFancy" needs itself`},
		{"wrong arity", `!Join ["-",`, `!Join ["-", b,`, "Fn::Join: want 2 arguments"},
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

func TestLoadRefusesParametersThatCloudFormationRefuses(t *testing.T) {
	for _, c := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{"Stagee": "x"}, `no parameter "Stagee"`},
		{map[string]string{"Stage": "0123456789"}, "line 3: parameter Stage: \"0123456789\" is above the MaxLength of 9"},
		{map[string]string{"Fancy": "maybe"}, `"maybe" is not one of the AllowedValues`},
		{map[string]string{"Days": "0"}, `"0" is below the MinValue of 1`},
		{map[string]string{"Days": "31"}, `"31" is above the MaxValue of 30`},
		{map[string]string{"Days": "x"}, `"x" is not a number`},
		{map[string]string{"Fancy": "yes", "Days": "1"}, "rule NeverBoth: Fancy takes days."},
	} {
		if _, err := stack.Load([]byte(small), c.given); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one with %q", c.given, err, c.want)
		}
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
