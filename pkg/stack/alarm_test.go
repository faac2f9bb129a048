package stack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

type alarm struct {
	MetricName, Statistic, ExtendedStatistic, TreatMissingData string
	Dimensions                                                 []struct{ Name, Value string }
	Metrics                                                    []struct{ Expression string }
	AlarmActions                                               []string
}

// watched says what an alarm watches: its query, or its metric, statistic and dimensions.
func (a alarm) watched() string {
	if len(a.Metrics) > 0 {
		return a.Metrics[0].Expression
	}
	what := a.MetricName + " " + a.Statistic + a.ExtendedStatistic
	for _, d := range a.Dimensions {
		what += " " + d.Name + "=" + d.Value
	}
	return what
}

func alarms(t testing.TB, template *stack.Template) map[string]alarm {
	t.Helper()
	all := map[string]alarm{}
	for id, r := range ofType(t, template, "AWS::CloudWatch::Alarm") {
		all[id] = properties[alarm](t, r)
	}
	return all
}

// The runbook has a heading for each.
func TestEveryFailureHasAnAlarmThatTellsTheTopic(t *testing.T) {
	template := deployed(t)
	headings := strings.Join(regexp.MustCompile("(?m)^### Alarm.*").FindAllString(read(t, "functions/README.md"), -1), "\n")
	var got []string
	for id, a := range alarms(t, template) {
		got = append(got, a.watched())
		if !slices.Equal(a.AlarmActions, []string{ref("AlarmTopic")}) || a.TreatMissingData != "notBreaching" {
			t.Errorf("%s tells %v and takes missing data as %s, want the topic and notBreaching", id, a.AlarmActions, a.TreatMissingData)
		}
		if !strings.Contains(headings, "`"+id+"`") {
			t.Errorf("functions/README.md has no heading Alarm `%s`", id)
		}
	}
	api := " ApiName=" + fmt.Sprint(template.Resources["Api"].Properties["Name"]) + " Stage=" + template.API.Stage
	want := []string{
		"5XXError Average" + api, "Latency p99" + api,
		`SELECT SUM(ThrottledRequests) FROM SCHEMA("AWS/DynamoDB", Operation, TableName) WHERE TableName = '${TokenTable}'`,
		`SELECT SUM(SystemErrors) FROM SCHEMA("AWS/DynamoDB", Operation, TableName) WHERE TableName = '${TokenTable}'`,
		`SELECT SUM(requests) FROM SCHEMA("` + namespace + `", op, outcome) WHERE outcome = 'reuse'`,
		`SELECT SUM(requests) FROM SCHEMA("` + namespace + `", op, outcome) WHERE outcome = 'failed'`,
		"Throttles Sum",
		"Errors Sum FunctionName=${RotateSigningKeysFunction}", "Errors Sum FunctionName=${RotateTokenKeysFunction}",
		"FailedInvocations Sum RuleName=${RotationFailures}",
		"IteratorAge Maximum FunctionName=${AuditFunction} Resource=${AuditFunction}:live",
		"ApproximateNumberOfMessagesVisible Maximum QueueName=${DeadLetters.QueueName}",
		`SELECT SUM(FailedInvocations) FROM SCHEMA("AWS/Events", EventBusName, RuleName) WHERE EventBusName = '${LifecycleEvents}'`,
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("alarms watch\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Secrets Manager tells CloudTrail alone of a rotation that it gave up.
func TestARotationThatIsGivenUpTellsTheTopic(t *testing.T) {
	template := deployed(t)
	rule := properties[struct {
		EventPattern struct {
			Detail struct {
				EventName           []string
				AdditionalEventData struct{ SecretID []string }
			}
		}
		Targets []struct{ Arn string }
	}](t, template.Resources["RotationFailures"])
	var want []string
	for _, schedule := range ofType(t, template, "AWS::SecretsManager::RotationSchedule") {
		want = append(want, fmt.Sprint(schedule.Properties["SecretId"]))
	}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(rule.EventPattern.Detail.AdditionalEventData.SecretID))
	if !slices.Equal(got, want) || len(rule.Targets) != 1 || rule.Targets[0].Arn != ref("AlarmTopic") {
		t.Errorf("the rule tells %v of %v, want the topic of %v", rule.Targets, got, want)
	}
}
