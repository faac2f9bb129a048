package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// named is the rest of a name that CloudFormation makes: of tokens-ApiErrors-1ABC in the stack tokens.
var named = regexp.MustCompile(`^([A-Za-z0-9]+)-[A-Z0-9a-z]+$`)

// examineAlarms shows the alarms of the stack that sound.
func (c *cloud) examineAlarms(ctx context.Context) []finding {
	pages := cloudwatch.NewDescribeAlarmsPaginator(c.alarms, &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String(c.name + "-"), StateValue: types.StateValueAlarm,
	})
	var all []finding
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return []finding{{"alarms", short(err).Error(), "you may need cloudwatch:DescribeAlarms"}}
		}
		for _, alarm := range page.MetricAlarms {
			parts := named.FindStringSubmatch(strings.TrimPrefix(aws.ToString(alarm.AlarmName), c.name+"-"))
			if parts == nil { // of another stack whose name begins so
				continue
			}
			all = append(all, finding{
				"alarm " + parts[1], "it sounds: " + aws.ToString(alarm.StateReason), "see Alarm `" + parts[1] + "` in functions/README.md",
			})
		}
	}
	if len(all) == 0 {
		all = []finding{{What: "alarms", Found: "none sounds"}}
	}
	return all
}
