package dynamo_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// withCopies is a bench whose store has n epoch copies.
func withCopies(t *testing.T, n int) *bench {
	t.Helper()
	b := onEngine(t)
	b.EpochCopies = n
	return b
}

// keysOf returns a session key for each of n copies.
func (b *bench) keysOf(n int) []session.Key {
	b.Helper()
	keys := make([]session.Key, n)
	for left, i := n, 0; left > 0; i++ {
		key := session.Key{Tenant: b.tenant, User: fmt.Sprint("user-", i), Application: "app"}
		if at := dynamo.CopyRead(key.User, n); keys[at].User == "" {
			keys[at], left = key, left-1
		}
	}
	return keys
}

// rows returns the items of the application, without their keys.
func (b *bench) rows(n int) []map[string]types.AttributeValue {
	b.Helper()
	rows := make([]map[string]types.AttributeValue, n)
	for i := range rows {
		pk, sk := "TENANT#"+b.tenant, "APP#app"
		if i > 0 {
			pk, sk = fmt.Sprintf("TENANT#%s#APP#app#COPY#%d", b.tenant, i), "COPY"
		}
		out, err := b.Client.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: &b.Table, Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk},
		}})
		b.must(err)
		rows[i] = out.Item
		delete(rows[i], "PK")
		delete(rows[i], "SK")
	}
	return rows
}

func (b *bench) wantSameRows(n int) {
	b.Helper()
	rows := b.rows(n)
	for i, row := range rows {
		if diff := storetest.Diff(fmt.Sprint(plain(rows[0])), fmt.Sprint(plain(row))); diff != "" || len(row) == 0 {
			b.Errorf("copy %d differs from the application (-want +got):\n%s", i, diff)
		}
	}
}

func plain(row map[string]types.AttributeValue) map[string]any {
	values := map[string]any{}
	for name, value := range row {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			values[name] = v.Value
		case *types.AttributeValueMemberN:
			values[name] = v.Value
		}
	}
	return values
}

func (b *bench) advance(want uint64) {
	b.Helper()
	ending, err := b.AdvanceEpoch(b.Context(), b.tenant, "app", want-1)
	b.must(err)
	if ending != (session.Ending{Epoch: want, Own: true}) {
		b.Errorf("got %+v, want epoch %d of this ending", ending, want)
	}
}

func TestAStoreWithFourCopiesHoldsTheContract(t *testing.T) {
	client, table := dynamotest.Table(t)
	store := dynamo.New(client, table)
	store.EpochCopies = 4
	storetest.RunApplications(t, func(*testing.T) session.Store { return store })
}

func TestReadsAndDeletionsTakeTheDocumentedRequests(t *testing.T) {
	for copies, advance := range map[int]map[string]int{
		1: {"UpdateItem": 1},
		4: {"UpdateItem": 1, "TransactWriteItems": 1},
	} {
		b := withCopies(t, copies)
		b.stored()
		for _, key := range b.keysOf(copies) {
			s := storetest.NewSession(key.Tenant, key.User, key.Application)
			b.must(b.Create(b.Context(), s))
			b.transport.Reset()
			_, err := b.ApplicationOf(b.Context(), key)
			b.must(err)
			b.wantRequests(map[string]int{"GetItem": 1})
			_, _, err = b.Load(b.Context(), s.Key)
			b.must(err)
			b.wantRequests(map[string]int{"GetItem": 1, "BatchGetItem": 1})
			_, err = b.Applications(b.Context(), key.Tenant, key.User, []string{"app"})
			b.must(err)
			b.wantRequests(map[string]int{"GetItem": 1, "BatchGetItem": 2})
		}
		b.transport.Reset()
		b.advance(1)
		b.wantRequests(advance)
	}
}

func TestAMissingCopyIsReadFromTheApplication(t *testing.T) {
	b := withCopies(t, 1)
	s := b.stored()
	b.EpochCopies = 4
	for i, key := range b.keysOf(4) {
		s.User, s.ID = key.User, storetest.NewID()
		b.must(b.Create(b.Context(), s))
		b.transport.Reset()
		app, err := b.ApplicationOf(b.Context(), key)
		b.must(err)
		_, loaded, err := b.Load(b.Context(), s.Key)
		b.must(err)
		all, err := b.Applications(b.Context(), key.Tenant, key.User, []string{"app"})
		b.must(err)
		want := storetest.NewApplication(b.tenant, "app")
		want.Version = 1
		if diff := storetest.Diff(want, app) + storetest.Diff(want, loaded) + storetest.Diff(want, all["app"]); diff != "" {
			t.Errorf("copy %d (-want +got):\n%s", i, diff)
		}
		requests := map[string]int{"GetItem": 2, "BatchGetItem": 4}
		if i == 0 {
			requests = map[string]int{"GetItem": 1, "BatchGetItem": 2}
		}
		b.wantRequests(requests)
	}
	b.transport.Reset()
	b.advance(1)
	b.wantRequests(map[string]int{"UpdateItem": 1})
}

func TestEveryWriteChangesEveryCopy(t *testing.T) {
	b := withCopies(t, 4)
	b.stored()
	b.wantSameRows(4)
	for i, copies := range []int{1, 2, 4, 1, 8, 3} { // of old and new functions, during a deployment
		b.EpochCopies = copies
		b.advance(uint64(i) + 1)
		b.wantSameRows(4)
		app, err := b.Application(b.Context(), b.tenant, "app")
		b.must(err)
		app.Name = fmt.Sprint("name ", i)
		_, err = b.PutApplication(b.Context(), app)
		b.must(err)
		b.wantSameRows(4)
	}
	b.wantSameRows(8)
}

// The answer of a transaction that conflicts with another one.
const canceledByConflict = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",` +
	`"CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"}]}`

func TestAConflictOfTransactionsIsRetried(t *testing.T) {
	b := withCopies(t, 2)
	b.stored()
	conflict := dynamotest.Refuse(http.StatusBadRequest, "TransactionConflictException", "")
	canceled := dynamotest.Reply(http.StatusBadRequest, canceledByConflict)
	b.transport.Next("UpdateItem", conflict, conflict)
	b.transport.Next("TransactWriteItems", canceled, canceled)
	b.advance(1)
	b.wantRequests(map[string]int{"UpdateItem": 3, "TransactWriteItems": 3})
	if len(b.waited) != 2 { // the SDK retries UpdateItem
		t.Errorf("got waits %v, want two", b.waited)
	}
	b.wantSameRows(2)
	for operation, fault := range map[string]dynamotest.Fault{"UpdateItem": conflict, "TransactWriteItems": canceled} {
		endless := withCopies(t, 2)
		endless.stored()
		endless.transport.Always(operation, fault)
		if _, err := endless.AdvanceEpoch(t.Context(), endless.tenant, "app", 0); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("endless conflicts of %s: got %v, want ErrUnavailable", operation, err)
		}
		endless.transport.Always(operation, dynamotest.Pass())
		endless.advance(1)
	}
}

func TestATransactionWithALostAnswerAdvancesTheEpochOnce(t *testing.T) {
	b := withCopies(t, 3)
	b.stored()
	b.transport.Next("TransactWriteItems", dynamotest.ReplyLost())
	b.advance(1)
	b.wantRequests(map[string]int{"UpdateItem": 1, "TransactWriteItems": 2})
	b.advance(2)
	b.wantSameRows(3)
}

func TestItemsOfApplicationsAndKeysHaveNoEventOfTheirOwn(t *testing.T) {
	at := func(pk, sk string) dynamo.Record {
		epoch := func(n string) map[string]types.AttributeValue {
			return map[string]types.AttributeValue{"epoch": &types.AttributeValueMemberN{Value: n}}
		}
		return dynamo.Record{Old: epoch("1"), New: epoch("2"), Keys: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk},
		}}
	}
	for name, silent := range map[string]dynamo.Record{
		"application": at("TENANT#t", "APP#app"), "copy": at("TENANT#t#APP#app#COPY#1", "COPY"), "tenant": at("TENANTS", "TENANT#t"),
		"API key": at("APIKEY#k", "APIKEY"), "listed API key": at("TENANT#t", "KEY#k"),
	} {
		if _, found, err := silent.Change(); found || err != nil {
			t.Errorf("%s: got event %v, %v; want none", name, found, err)
		}
	}
	if _, _, err := at("TENANT#t", "OTHER#a").Change(); err == nil {
		t.Error("an unknown item: got no error, want one")
	}
}
