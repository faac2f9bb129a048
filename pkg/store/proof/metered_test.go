package proof

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// metered is a service over DynamoDB whose requests and capacity are counted.
type metered struct {
	*testing.T
	*service
	*fixture.Clock

	keys      fixture.Keys
	store     *dynamo.Store
	transport *dynamotest.Transport
	key       fixture.ProofKey // of the application bound
	tenant    string
}

func newMetered(t *testing.T) *metered {
	t.Helper()
	p := &metered{T: t, Clock: newClock(), keys: fixture.NewKeys("EdDSA"), tenant: storetest.NewTenant()}
	p.key = fixture.NewProofKey("EdDSA")
	p.store, p.transport = onEngine(t, dynamotest.ReportCapacity)
	p.service = newService(p.keys, p.store, p.Now, rand.Reader)
	register(t, p.store, p.tenant, "web", nil)
	register(t, p.store, p.tenant, "service", func(s *session.Settings) { s.Usage = session.Reusable })
	register(t, p.store, p.tenant, "strict", func(s *session.Settings) { s.RequireAccessTokenPresent = true })
	register(t, p.store, p.tenant, "unlimited", func(s *session.Settings) { s.MaxSessionsPerUser = 0 })
	register(t, p.store, p.tenant, "bound", func(s *session.Settings) { s.DPoP = session.DPoPAllowed })
	register(t, p.store, p.tenant, "single", func(s *session.Settings) { s.MaxSessionsPerUser = 1 })
	return p
}

func (p *metered) issue(user, application string) session.Grant {
	p.Helper()
	g, err := p.Issue(p.Context(), session.IssueRequest{Tenant: p.tenant, User: user, Application: application})
	if err != nil {
		p.Fatal(err)
	}
	p.Pass(time.Millisecond)
	return g
}

func (p *metered) refresh(g session.Grant) (session.Grant, error) {
	req := session.RefreshRequest{Token: g.Refresh.Reveal()}
	if g.Session.Application == "bound" {
		req.Proof = p.key.Present(p.Now())
	}
	return p.Refresh(p.Context(), req)
}

// hooked is the refresher with a claims hook that gives one answer.
func (p *metered) hooked(answer session.HookAnswer) session.Refresher {
	return p.Refresher.WithHook(session.Hook{Ask: func(context.Context, session.HookCall) (session.HookAnswer, error) { return answer, nil }}, p.store)
}

// cost is what an operation consumed: requests by name, and units.
type cost struct {
	requests           string
	write, read, index float64
}

func (p *metered) cost() cost {
	c := cost{requests: fmt.Sprint(p.transport.Requests())[len("map"):]}
	for _, operation := range []string{"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"} {
		units, index := p.transport.Units(operation)
		c.write, c.index = c.write+units, c.index+index
	}
	for _, operation := range []string{"GetItem", "BatchGetItem", "Query"} {
		units, index := p.transport.Units(operation)
		c.read, c.index = c.read+units, c.index+index
	}
	return c
}

// clone stores copies of an issued session in batches and returns their ids. All have the same secret.
func (p *metered) clone(g session.Grant, n int) []token.ID {
	p.Helper()
	original := p.rawItem(g)
	ids := make([]token.ID, n)
	requests := make([]types.WriteRequest, n)
	for i := range ids {
		ids[i] = storetest.NewID()
		item := maps.Clone(original)
		for _, name := range []string{"SK", "GSI1PK"} {
			key := item[name].(*types.AttributeValueMemberS).Value
			item[name] = &types.AttributeValueMemberS{Value: strings.ReplaceAll(key, g.Session.ID.String(), ids[i].String())}
		}
		requests[i] = types.WriteRequest{PutRequest: &types.PutRequest{Item: item}}
	}
	batches := make(chan []types.WriteRequest)
	client := uncounted(p.store)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for batch := range batches {
				out, err := client.BatchWriteItem(p.Context(), &dynamodb.BatchWriteItemInput{
					RequestItems: map[string][]types.WriteRequest{p.store.Table: batch},
				})
				if err != nil || len(out.UnprocessedItems) > 0 {
					p.Errorf("put sessions: got %+v, %v, want all written", out, err)
				}
			}
		})
	}
	for batch := range slices.Chunk(requests, 25) {
		batches <- batch
	}
	close(batches)
	writers.Wait()
	return ids
}

// cloned is the grant of a copy.
func (p *metered) cloned(g session.Grant, id token.ID) session.Grant {
	p.Helper()
	t, err := p.Identify(p.Context(), g.Refresh.Reveal())
	if err != nil {
		p.Fatal(err)
	}
	t.Session = id
	g.Refresh = fixture.Must(t.Encode(p.keys.TokenKey()))
	return g
}

// wantSmall checks that a write refused by the stored session is billed one unit: it takes less than 1 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html
func (p *metered) wantSmall(g session.Grant) {
	p.Helper()
	size := 0
	for name, value := range p.rawItem(g) {
		size += len(name) + sizeOf(value)
	}
	if size >= 1024 {
		p.Errorf("got an item of %d bytes, want less than 1024", size)
	}
}

func sizeOf(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	case *types.AttributeValueMemberB:
		return len(v.Value)
	default:
		return 1 // a flag, the only other type without device and claims
	}
}

// rawItem reads the item of a session of "user" as DynamoDB keeps it; nil for an unknown session.
func (p *metered) rawItem(g session.Grant) map[string]types.AttributeValue {
	p.Helper()
	out, err := uncounted(p.store).GetItem(p.Context(), &dynamodb.GetItemInput{
		TableName: &p.store.Table, ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: "TENANT#" + p.tenant + "#USER#user"},
			"SK": &types.AttributeValueMemberS{Value: "APP#" + g.Session.Application + "#TOKEN#" + g.Session.ID.String()},
		},
	})
	if err != nil {
		p.Fatal(err)
	}
	return out.Item
}

// uncounted is a store's client without its transport.
func uncounted(store *dynamo.Store) *dynamodb.Client {
	return dynamodb.New(store.Client.Options(), func(o *dynamodb.Options) { o.HTTPClient = http.DefaultClient })
}
