package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

var rotations = []string{"RotateSigningKeysFunction", "RotateTokenKeysFunction"}

// A change of configuration alone goes live too, and a new version comes back down by the same rule everywhere.
func TestEveryFunctionGoesLiveThroughItsAlias(t *testing.T) {
	all := sections(t)
	globals := at(all, "Globals", "Function")
	rule := fmt.Sprint(at(globals, "DeploymentPreference", "Type"))
	if rule != "[ShiftGradually Canary10Percent5Minutes AllAtOnce]" || at(globals, "AutoPublishAlias") != "live" {
		t.Errorf("the rule of deployments is %s to alias %v", rule, at(globals, "AutoPublishAlias"))
	}
	for id, f := range ofType(t, "AWS::Serverless::Function", 20) {
		preference, _ := f["DeploymentPreference"].(section)
		want := "map[Alarms:[ShiftGradually [ApiErrors " + strings.TrimSuffix(id, "Function") + "Errors] [AWS::NoValue]]]"
		switch {
		case id == "AuthorizerFunction": // each 401 is one of its errors
			want = "map[Alarms:[ShiftGradually [ApiErrors] [AWS::NoValue]]]"
		case slices.Contains(rotations, id):
			want = "map[Enabled:false]"
		}
		if got := fmt.Sprint(preference); got != want {
			t.Errorf("%s deploys by %s, want %s", id, got, want)
		}
		if f["AutoPublishAliasAllProperties"] != true {
			t.Errorf("%s: a change of its configuration alone would never go live", id)
		}
		if reserved := f["ReservedConcurrentExecutions"]; reserved != nil && !strings.Contains(fmt.Sprint(reserved), "ReservedConcurrency") {
			t.Errorf("%s reserves %v executions, whatever the account has", id, reserved)
		}
		if build := at(all, "Resources", id, "Metadata", "BuildMethod"); build != "makefile" {
			t.Errorf("%s is built by %v", id, build)
		}
	}
}

func TestEveryLogIsEncryptedAndEnds(t *testing.T) {
	groups := ofType(t, "AWS::Logs::LogGroup", 20)
	for id, g := range groups {
		if g["RetentionInDays"] != "LogRetentionDays" || g["KmsKeyId"] != "DataKey.Arn" {
			t.Errorf("%s: %v", id, g)
		}
	}
	for id, f := range ofType(t, "AWS::Serverless::Function", 20) {
		if group := strings.TrimSuffix(id, "Function") + "Logs"; at(f["LoggingConfig"], "LogGroup") != group || groups[group] == nil {
			t.Errorf("%s logs to %v, want a group of its own, %s", id, f["LoggingConfig"], group)
		}
	}
}

// watched says what an alarm watches: metric, dimensions or query, and statistic.
func watched(alarm section) string {
	if alarm["Metrics"] != nil {
		return fmt.Sprint(at(alarm["Metrics"].([]any)[0], "Expression"))
	}
	var dimensions []string
	for _, d := range alarm["Dimensions"].([]any) {
		dimensions = append(dimensions, fmt.Sprint(at(d, "Name"), "=", at(d, "Value")))
	}
	statistic := alarm["Statistic"]
	if statistic == nil {
		statistic = alarm["ExtendedStatistic"]
	}
	return fmt.Sprint(alarm["MetricName"], " ", statistic, " ", strings.Join(dimensions, " "))
}

func TestEveryFailureHasAnAlarmThatSomebodyHears(t *testing.T) {
	alarms := ofType(t, "AWS::CloudWatch::Alarm", 40)
	var got []string
	for id, a := range alarms {
		got = append(got, watched(a))
		if fmt.Sprint(a["AlarmActions"]) != "[AlarmTopic]" || a["TreatMissingData"] != "notBreaching" {
			t.Errorf("%s tells %v, and takes no data as %v", id, a["AlarmActions"], a["TreatMissingData"])
		}
	}
	api := " ApiName=${AWS::StackName}-api Stage=Stage"
	want := []string{
		"5XXError Average" + api, "Latency p99" + api,
		`SELECT SUM(ThrottledRequests) FROM SCHEMA("AWS/DynamoDB", Operation, TableName) WHERE TableName = '${TokenTable}'`,
		`SELECT SUM(SystemErrors) FROM SCHEMA("AWS/DynamoDB", Operation, TableName) WHERE TableName = '${TokenTable}'`,
		`SELECT SUM(requests) FROM SCHEMA("RefreshTokens/${AWS::StackName}", op, outcome) WHERE outcome = 'reuse'`,
	}
	want = append(want, "IteratorAge Maximum FunctionName=AuditFunction Resource=${AuditFunction}:live",
		"ApproximateNumberOfMessagesVisible Maximum QueueName=DeadLetters.QueueName")
	for id := range ofType(t, "AWS::Serverless::Function", 20) {
		of := " Sum FunctionName=" + id
		if !slices.Contains(rotations, id) { // Secrets Manager calls the function itself
			of += " Resource=${" + id + "}:live"
		}
		want = append(want, "Throttles"+of)
		if id != "AuthorizerFunction" { // each 401 is one of its errors
			want = append(want, "Errors"+of)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("alarms watch\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	failures := ofType(t, "AWS::Events::Rule", 1)["RotationFailures"]
	if pattern := fmt.Sprint(failures["EventPattern"], failures["Targets"]); !strings.Contains(pattern, "RotationFailed") ||
		!strings.Contains(pattern, "[SigningKeysSecret TokenKeysSecret]") || !strings.Contains(pattern, "Arn:AlarmTopic") {
		t.Errorf("failed rotations: %s", pattern)
	}
}
