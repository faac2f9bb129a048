// Package table owns the making of the token table from its one definition, the resource TokenTable of
// template.yaml, for places that CloudFormation does not reach: tests and a DynamoDB-compatible endpoint on a
// laptop. It must never define an attribute, a key or an index itself, and never change those of a table that exists.
package table

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// Definition is what matters of an AWS::DynamoDB::Table resource to an engine on a laptop.
type Definition struct {
	// Create has every field but TableName.
	Create dynamodb.CreateTableInput
	// TTL is the attribute that expires items; empty if none does.
	TTL string
}

// The names of these fields are CloudFormation's, and those of the SDK's types.
type properties struct {
	BillingMode             types.BillingMode
	AttributeDefinitions    []types.AttributeDefinition
	KeySchema               []types.KeySchemaElement
	GlobalSecondaryIndexes  []index
	TimeToLiveSpecification struct {
		AttributeName string
		Enabled       bool
	}
}

type index struct {
	IndexName  *string
	KeySchema  []types.KeySchemaElement
	Projection *types.Projection
}

// FromTemplate reads the definition of the resource TokenTable. The rest of the resource, such as encryption and
// backups, is left out.
func FromTemplate(template *stack.Template) (Definition, error) {
	resource := template.Resources["TokenTable"]
	if resource.Type != "AWS::DynamoDB::Table" {
		return Definition{}, errors.New("read table definition: the template has no AWS::DynamoDB::Table named TokenTable")
	}
	var p properties
	if err := resource.Decode(&p); err != nil {
		return Definition{}, fmt.Errorf("read table definition: %w", err)
	}
	d := Definition{Create: dynamodb.CreateTableInput{
		BillingMode: p.BillingMode, KeySchema: p.KeySchema, AttributeDefinitions: p.AttributeDefinitions,
	}}
	for _, i := range p.GlobalSecondaryIndexes {
		d.Create.GlobalSecondaryIndexes = append(d.Create.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection,
		})
	}
	if p.TimeToLiveSpecification.Enabled {
		d.TTL = p.TimeToLiveSpecification.AttributeName
	}
	return d, nil
}

// patience is how long a new table may take to become ACTIVE.
const patience = 2 * time.Minute

// Ensure creates the table of a template under a name unless it exists, sets its TTL unless it is set, and returns once
// the table can be used. Several processes may do so at once.
func Ensure(ctx context.Context, client *dynamodb.Client, template *stack.Template, name string) error {
	definition, err := FromTemplate(template)
	if err != nil {
		return err
	}
	create := definition.Create
	create.TableName = &name
	_, err = client.CreateTable(ctx, &create)
	// Someone else's, or our own earlier attempt's, whose answer was lost: the TTL may still be to be set.
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create table: %w", err)
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 2*time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, patience); err != nil {
		return fmt.Errorf("wait for table: %w", err)
	}
	if definition.TTL == "" {
		return nil
	}
	return ensureTTL(ctx, client, name, definition.TTL)
}

// ensureTTL sets the TTL of a table that has none.
func ensureTTL(ctx context.Context, client *dynamodb.Client, name, attribute string) error {
	has, err := hasTTL(ctx, client, name)
	if err != nil || has {
		return err
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &attribute, Enabled: aws.Bool(true)},
	})
	if err == nil {
		return nil
	}
	if has, _ := hasTTL(ctx, client, name); has { // set meanwhile, which DynamoDB calls invalid
		return nil
	}
	return fmt.Errorf("set the table's TTL: %w", err)
}

func hasTTL(ctx context.Context, client *dynamodb.Client, name string) (bool, error) {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return false, fmt.Errorf("read the table's TTL: %w", err)
	}
	status := out.TimeToLiveDescription.TimeToLiveStatus
	return status == types.TimeToLiveStatusEnabled || status == types.TimeToLiveStatusEnabling, nil
}
