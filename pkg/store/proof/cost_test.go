package proof

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// meeting makes two faults that hold their requests until both have arrived.
func meeting() (one, other dynamotest.Fault) {
	here, there := make(chan struct{}), make(chan struct{})
	hold := func(arrived, awaited chan struct{}) dynamotest.Fault {
		return func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
			close(arrived)
			select {
			case <-awaited:
				return send(request)
			case <-request.Context().Done():
				return nil, request.Context().Err()
			}
		}
	}
	return hold(here, there), hold(there, here)
}

// Law 4 and performance 8, 9: two calls, one deep, 1 write unit and 1 read unit for every outcome but reuse.
func TestARefreshIsTwoCallsOneDeepAndTwoUnitsForEveryOutcomeButReuse(t *testing.T) {
	p := newPriced(t)
	done := func(_ session.Grant, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		outcome     string
		application string
		before      func(session.Grant)
		want        error
		applied     bool
	}{
		{string(session.Rotated), "web", func(session.Grant) {}, nil, true},
		{string(session.Extended), "service", func(session.Grant) {}, nil, true},
		{string(session.Retried), "web", func(g session.Grant) { done(p.refresh(g)) }, nil, false},
		{"", "web", func(session.Grant) { p.pass(30 * 24 * time.Hour) }, session.ErrExpired, false},
		{"", "strict", func(session.Grant) {}, session.ErrAccessRequired, false},
		{"", "web", func(g session.Grant) {
			if _, err := p.Delete(t.Context(), session.Caller{Tenant: p.tenant}, g.Session.ID); err != nil {
				t.Fatal(err)
			}
		}, session.ErrUnknown, false},
		{"", "web", func(session.Grant) {
			if _, err := p.DeleteByApplication(t.Context(), p.tenant, "web"); err != nil {
				t.Fatal(err)
			}
		}, session.ErrUnknown, true}, // the write goes through; the epoch refuses the answer
	} {
		g := p.issue("user", c.application)
		c.before(g)
		p.transport.Reset()
		update, get := meeting()
		p.transport.Next("UpdateItem", update)
		p.transport.Next("GetItem", get)
		got, err := p.refresh(g)
		if !errors.Is(err, c.want) || string(got.Outcome) != c.outcome {
			t.Errorf("%q, %v instead of %q, %v", got.Outcome, err, c.outcome, c.want)
		}
		want := cost{requests: "[GetItem:1 UpdateItem:1]", write: 1, read: 1}
		if !c.applied {
			want.write = 0 // the engine reports none; AWS bills a refused write by the size of its item
			p.wantSmall(g)
		}
		if spent := p.cost(); spent != want {
			t.Errorf("%s%v: got %+v, want %+v", c.outcome, c.want, spent, want)
		}
	}
}

// wantSmall checks that a write refused by the stored session is billed one unit: it takes less than 1 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-unit-calculations.html
func (p *priced) wantSmall(g session.Grant) {
	p.Helper()
	size := 0
	for name, value := range p.rawItem(g) {
		size += len(name) + sizeOf(value)
	}
	if size >= 1024 {
		p.Errorf("the item takes %d bytes", size)
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
		return 1 // a flag; there are no other ones without device and claims
	}
}

// rawItem reads the item of a session of "user" as DynamoDB keeps it; nil if there is none.
func (p *priced) rawItem(g session.Grant) map[string]types.AttributeValue {
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

// The table in the doc of package dynamo, summed up for each operation of the service.
func TestEveryOperationCostsItsRequestsAndUnits(t *testing.T) {
	p := newPriced(t)
	all := session.Caller{Tenant: p.tenant}
	key := newAPIKey(t, p.store, p.tenant, p.now())
	authenticate := func(credential string) error {
		_, err := p.keys.authorizer(p.store, p.now).Authenticate(t.Context(), authorizer.Headers{Single: map[string]string{
			"Authorization": "Bearer " + credential, "X-Stencil-TenantId": p.tenant,
		}})
		return err
	}
	for name, c := range map[string]struct {
		application string
		run         func(g session.Grant, user string) error
		want        cost
	}{
		"authorizer, access token": {"web", func(g session.Grant, _ string) error {
			return authenticate(g.Access.Reveal())
		}, cost{"[BatchGetItem:1]", 0, 2, 0}},
		"authorizer, API key": {"web", func(session.Grant, string) error {
			return authenticate(key.Text().Reveal())
		}, cost{"[GetItem:1]", 0, 1, 0}},
		"issue": {"unlimited", func(_ session.Grant, user string) error {
			p.issue(user, "unlimited")
			return nil
		}, cost{"[GetItem:1 PutItem:1]", 2, 1, 1}},
		"issue within a limit": {"web", func(_ session.Grant, user string) error {
			p.issue(user, "web")
			return nil
		}, cost{"[GetItem:1 PutItem:1 Query:1]", 2, 2, 1}},
		"issue beyond a limit": {"single", func(_ session.Grant, user string) error {
			p.issue(user, "single")
			return nil
		}, cost{"[BatchWriteItem:1 GetItem:1 PutItem:1 Query:1]", 4, 2, 2}},
		"refresh, reused": {"web", func(g session.Grant, _ string) error {
			next, err1 := p.refresh(g)
			_, err2 := p.refresh(next)
			p.transport.Reset()
			_, err := p.refresh(g)
			return errors.Join(err1, err2, only(err, session.ErrReused))
		}, cost{"[DeleteItem:1 GetItem:1 UpdateItem:2]", 3, 1, 1}},
		"refresh, forged": {"web", func(g session.Grant, _ string) error {
			forged := []byte(g.Refresh.Reveal())
			forged[60] ^= 1
			_, err := p.Refresh(t.Context(), session.RefreshRequest{Token: string(forged)})
			return only(err, session.ErrForged)
		}, cost{"[]", 0, 0, 0}},
		"refresh, another tenant's": {"web", func(g session.Grant, _ string) error {
			_, err := p.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Tenant: "another"})
			return only(err, session.ErrOtherTenant)
		}, cost{"[]", 0, 0, 0}},
		"retrieve": {"web", func(g session.Grant, _ string) error {
			_, err := p.Retrieve(t.Context(), all, g.Session.ID)
			return err
		}, cost{"[BatchGetItem:1 Query:1]", 0, 2.5, 0.5}},
		"list": {"web", func(_ session.Grant, user string) error {
			_, _, err := p.List(t.Context(), session.ListRequest{Tenant: p.tenant, User: user, Limit: 50})
			return err
		}, cost{"[BatchGetItem:1 Query:1]", 0, 2, 0}},
		"delete by id": {"web", func(g session.Grant, _ string) error {
			_, err := p.Delete(t.Context(), all, g.Session.ID)
			return err
		}, cost{"[DeleteItem:1 GetItem:1 Query:1]", 2, 1.5, 1.5}},
		"delete by string": {"web", func(g session.Grant, _ string) error {
			_, err := p.DeleteByToken(t.Context(), all, g.Refresh.Reveal())
			return err
		}, cost{"[DeleteItem:1 GetItem:1]", 2, 1, 1}},
		"delete by user": {"web", func(_ session.Grant, user string) error {
			_, err := p.DeleteByUser(t.Context(), p.tenant, user, "")
			return err
		}, cost{"[BatchGetItem:1 BatchWriteItem:1 Query:1]", 2, 2, 1}},
		"delete by user and application": {"web", func(_ session.Grant, user string) error {
			_, err := p.DeleteByUser(t.Context(), p.tenant, user, "web")
			return err
		}, cost{"[BatchWriteItem:1 GetItem:1 Query:1]", 2, 2, 1}},
		"delete by anchor": {"strict", func(g session.Grant, _ string) error {
			_, err := p.DeleteByAnchor(t.Context(), all, g.Session.ID, "strict")
			return err
		}, cost{"[BatchGetItem:1 Query:1 UpdateItem:1]", 1, 2.5, 0.5}},
	} {
		g := p.issue(name, c.application)
		p.transport.Reset()
		if err := c.run(g, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.cost(); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// only turns the one error that is wanted into none.
func only(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%w instead of %w", err, want)
}

// Law 5 and performance 13: one call and one unit, any number of sessions, and all of them are over.
func TestDeletingAnApplicationIsOneCallAt10AndAt10000Sessions(t *testing.T) {
	p := newPriced(t)
	for _, sessions := range []int{10, 10_000} {
		application := fmt.Sprintf("app-%d", sessions)
		register(t, p.store, p.tenant, application, nil)
		g := p.issue("user", application)
		ids := p.clone(g, sessions-1)
		samples := []token.ID{ids[0], ids[len(ids)/2], ids[len(ids)-1]}
		for _, id := range samples {
			if _, err := p.refresh(p.cloned(g, id)); err != nil {
				t.Fatalf("a session that was put there does not live: %v", err)
			}
		}
		p.transport.Reset()
		if _, err := p.DeleteByApplication(t.Context(), p.tenant, application); err != nil {
			t.Fatal(err)
		}
		if got, want := p.cost(), (cost{requests: "[UpdateItem:1]", write: 1}); got != want {
			t.Errorf("%d sessions: got %+v, want %+v", sessions, got, want)
		}
		for _, id := range append(samples, ids[1]) {
			if _, err := p.refresh(p.cloned(g, id)); !errors.Is(err, session.ErrUnknown) {
				t.Errorf("%d sessions: one lives on: %v", sessions, err)
			}
		}
	}
}
