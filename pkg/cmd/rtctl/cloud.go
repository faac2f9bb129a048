package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// cloud is a deployed stack, reached with the operator's own credentials: those of the environment or of a profile.
type cloud struct {
	name, status string
	outputs      map[string]string
	parameters   parameters
	lambda       *lambda.Client
	dynamodb     *dynamodb.Client
	secrets      *secretsmanager.Client
	logs         *cloudwatchlogs.Client
	alarms       *cloudwatch.Client
}

func newCloud(ctx context.Context, name, region string) (*cloud, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, errors.New("no region: say --region, or set AWS_REGION")
	}
	found, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		return nil, fmt.Errorf("stack %s in %s: %w", name, cfg.Region, short(err))
	}
	if len(found.Stacks) != 1 {
		return nil, fmt.Errorf("there are %d stacks %s in %s", len(found.Stacks), name, cfg.Region)
	}
	c := &cloud{
		name: name, status: string(found.Stacks[0].StackStatus), outputs: map[string]string{},
		parameters: parameters{},
		lambda:     lambda.NewFromConfig(cfg), dynamodb: dynamodb.NewFromConfig(cfg),
		secrets: secretsmanager.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg),
		alarms: cloudwatch.NewFromConfig(cfg),
	}
	for _, output := range found.Stacks[0].Outputs {
		c.outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	for _, parameter := range found.Stacks[0].Parameters {
		c.parameters[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}
	return c, nil
}

// short is what AWS says, without the SDK's story around it.
func short(err error) error {
	var answered smithy.APIError
	if errors.As(err, &answered) {
		return fmt.Errorf("%s: %s", answered.ErrorCode(), answered.ErrorMessage())
	}
	return err
}

func (c *cloud) output(name string) (string, error) {
	if value := c.outputs[name]; value != "" {
		return value, nil
	}
	return "", fmt.Errorf("stack %s has no output %s: deploy this version first", c.name, name)
}

func (c *cloud) invoke(ctx context.Context, function string, payload any) (json.RawMessage, error) {
	arn, err := c.output(stack.LogicalID(function) + "Arn")
	if err != nil {
		return nil, err
	}
	return c.invokeNamed(ctx, arn, payload)
}

func (c *cloud) home(context.Context) (home, error) {
	url, err := c.output("ApiUrl")
	return home{url: url}, err
}

// ingestion is how much earlier than an event's own time its time in the log group may be.
const ingestion = time.Minute

// events implements archive: all events of the log group but those of what replay does not look at.
func (c *cloud) events(ctx context.Context, since time.Time) (all []event.Envelope, begin time.Time, err error) {
	group, err := c.output("EventLogsName")
	if err != nil {
		return nil, begin, err
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: aws.Int64(since.Add(-ingestion).UnixMilli()), FilterPattern: aws.String(patternOfReplay()),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, begin, fmt.Errorf("log group %s: %w", group, short(err))
		}
		for _, logged := range page.Events {
			var e event.Envelope
			if err := json.Unmarshal([]byte(aws.ToString(logged.Message)), &e); err != nil {
				return nil, begin, fmt.Errorf("log group %s: event %s: %w", group, aws.ToString(logged.EventId), err)
			}
			all = append(all, e)
		}
	}
	if kept := time.Now().AddDate(0, 0, -daysOfEvents); since.Before(kept) {
		begin = kept
	}
	return all, begin, nil
}

// daysOfEvents is how long the log group keeps events.
const daysOfEvents = 90

// patternOfReplay lets the detail-types pass that a replay reads: any of these terms.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
func patternOfReplay() string {
	var terms []string
	for _, kind := range []string{
		"token.deleted", "token.evicted", "token.reuse_detected", "token.denied", "token.updated", "application.created",
		"application.changed", "application.deleted", "key.created", "key.rotated", "key.deleted",
	} {
		terms = append(terms, `?"`+kind+`"`)
	}
	return strings.Join(terms, " ")
}

// examine implements service.
func (c *cloud) examine(ctx context.Context) []finding {
	deployed := finding{What: "stack", Found: c.name + " is " + c.status}
	switch c.status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE":
	default:
		deployed.Mend = "look at its events in CloudFormation"
	}
	return slices.Concat([]finding{deployed}, c.parameters.examine(), c.examineTable(ctx), c.examineAlarms(ctx))
}

// examineTable wants what a restore does not set by itself.
func (c *cloud) examineTable(ctx context.Context) (all []finding) {
	name, err := c.output("TableName")
	if err != nil {
		return []finding{{"table", err.Error(), "deploy the stack"}}
	}
	described, err := c.dynamodb.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return []finding{{"table", short(err).Error(), "you may need dynamodb:DescribeTable, or the table is gone: see the runbook"}}
	}
	table := finding{What: "table", Found: name + " is " + string(described.Table.TableStatus)}
	if described.Table.StreamSpecification == nil || !aws.ToBool(described.Table.StreamSpecification.StreamEnabled) {
		table.Found, table.Mend = table.Found+", without a stream", "switch the stream on: lifecycle events need it"
	}
	all = append(all, table)
	ttl, err := c.dynamodb.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	expiry := finding{What: "TTL", Found: "on"}
	switch {
	case err != nil:
		expiry.Found, expiry.Mend = short(err).Error(), "you may need dynamodb:DescribeTimeToLive"
	case ttl.TimeToLiveDescription == nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "ttl":
		expiry.Found, expiry.Mend = "off", "switch TTL on for the attribute ttl: expired sessions stay without it"
	}
	return append(all, expiry)
}
