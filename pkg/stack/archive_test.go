package stack_test

import (
	"fmt"
	"strings"
	"testing"
)

// The archive is what a replay repeats after a restore: EventBridge may write into its group and nobody else may, for this
// rule alone, and the events stay longer than a table can be restored.
func TestTheArchiveOfEventsOutlivesABackupAndTakesTheRulesEventsAlone(t *testing.T) {
	template := deployed(t, "AWS::StackName=one")
	group := template.Resources["EventLogs"].Properties
	if group["LogGroupName"] != "/aws/events/one" {
		t.Errorf("got the group %v, want /aws/events/one", group["LogGroupName"])
	}
	recovery, _ := at(template.Resources["TokenTable"].Properties, "PointInTimeRecoverySpecification", "RecoveryPeriodInDays").(int)
	if days, _ := group["RetentionInDays"].(int); days <= recovery || recovery == 0 {
		t.Errorf("events stay %d days, want more than the %d of recovery", days, recovery)
	}
	rule := template.Resources["EventArchive"].Properties
	targets, _ := rule["Targets"].([]any)
	if len(targets) != 1 || !strings.HasSuffix(fmt.Sprint(at(targets[0], "Arn")), ":log-group:"+ref("EventLogs")) {
		t.Errorf("got targets %v, want the group alone", targets)
	}
	if bus := rule["EventBusName"]; bus != ref("LifecycleEvents") {
		t.Errorf("got the bus %v, want that of lifecycle events", bus)
	}
	text, _ := template.Resources["EventLogsPolicy"].Properties["PolicyDocument"].(string)
	statements, _ := at(decoded(t, text), "Statement").([]any)
	if len(statements) != 2 {
		t.Fatalf("got the policy %s, want two statements", text)
	}
	for _, s := range statements {
		resource, action := fmt.Sprint(at(s, "Resource")), fmt.Sprint(at(s, "Action"))
		if !strings.Contains(resource, ":log-group:"+ref("EventLogs")+":") || fmt.Sprint(at(s, "Principal", "Service")) !=
			"[events.amazonaws.com delivery.logs.amazonaws.com]" {
			t.Errorf("got %v, want EventBridge and the group alone", s)
		}
		source := at(s, "Condition", "ArnEquals", "aws:SourceArn")
		if action == "logs:PutLogEvents" && source != arn("EventArchive") {
			t.Errorf("got events of %v, want those of the rule alone", source)
		}
	}
}
