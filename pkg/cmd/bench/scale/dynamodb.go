package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// inTable fills a table of an engine, made as the template says but for the stream, which would slow the engine down.
func inTable(ctx context.Context, endpoint string, template *stack.Template, sessions int) (*place, error) {
	var transport *dynamotest.Transport
	client, err := dynamo.NewClient(dynamo.Config{Endpoint: endpoint}, dynamotest.Through(&transport))
	if err != nil {
		return nil, err
	}
	definition, err := table.FromTemplate(template)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprint("sessions-", sessions)
	definition.Create.TableName, definition.Create.StreamSpecification = &name, nil
	var exists *types.ResourceInUseException // an earlier attempt made it, whose answer came too late
	if _, err := client.CreateTable(ctx, &definition.Create); err != nil && !errors.As(err, &exists) {
		return nil, err
	}
	p, err := newPlace(ctx, dynamo.New(client, name), sessions)
	if err != nil {
		return nil, err
	}
	p.requests = transport.Requests
	original, err := sample(ctx, dynamo.New(client, name), p.population)
	if err != nil {
		return nil, err
	}
	const batch, writers = 25, 2 // the limit of DynamoDB, and what a machine of two cores keeps up with
	return p, fill((sessions+batch-1)/batch, writers, func(n int) error {
		var requests []types.WriteRequest
		for i := n * batch; i < min((n+1)*batch, sessions); i++ {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: original.of(i)}})
		}
		return put(ctx, client, map[string][]types.WriteRequest{name: requests})
	})
}

// put repeats a batch that a busy machine has not carried out in time, which changes nothing more.
func put(ctx context.Context, client *dynamodb.Client, batch map[string][]types.WriteRequest) error {
	const patience = 10
	for attempt := 1; ; attempt++ {
		out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: batch})
		if err == nil && len(out.UnprocessedItems) > 0 {
			err = errors.New("some were left unprocessed")
		}
		if err == nil || attempt == patience || ctx.Err() != nil {
			return err
		}
	}
}

// original is a stored session, which others are copied from by the thousand.
type original struct {
	population

	item                  map[string]types.AttributeValue
	user, application, id string
}

func sample(ctx context.Context, store *dynamo.Store, who population) (*original, error) {
	s := storetest.NewSession(who.tenant, "sample-user", "sample-application")
	if err := store.Create(ctx, s); err != nil {
		return nil, err
	}
	sessionsOnly := "attribute_exists(GSI1PK)"
	out, err := store.Client.Scan(ctx, &dynamodb.ScanInput{
		TableName: &store.Table, FilterExpression: &sessionsOnly,
	})
	if err != nil || len(out.Items) != 1 {
		return nil, fmt.Errorf("find the sample among %d: %w", len(out.Items), err)
	}
	_, err = store.Delete(ctx, s.Key)
	return &original{who, out.Items[0], s.User, s.Application, s.ID.String()}, err
}

// of is session n.
func (o *original) of(n int) map[string]types.AttributeValue {
	renamed := strings.NewReplacer(o.user, userOf(n), o.application, o.applicationOf(n), o.id, storetest.NewID().String())
	copied := maps.Clone(o.item)
	for _, name := range []string{"PK", "SK", "GSI1PK"} {
		copied[name] = &types.AttributeValueMemberS{Value: renamed.Replace(o.item[name].(*types.AttributeValueMemberS).Value)}
	}
	return copied
}

// difference tells the requests that were made between two counts.
func difference(before, after map[string]int) string {
	var made []string
	for _, operation := range slices.Sorted(maps.Keys(after)) {
		if n := after[operation] - before[operation]; n > 0 {
			made = append(made, fmt.Sprintf("%s:%d", operation, n))
		}
	}
	return strings.Join(made, " ")
}
