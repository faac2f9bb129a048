package dynamo_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// bench is a store over a transport with faults. It does not sleep, and records how long it would have.
type bench struct {
	*testing.T
	*dynamo.Store
	transport *dynamotest.Transport
	waited    []time.Duration
	tenant    string
}

// onEngine is a bench over DynamoDB Local.
func onEngine(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, tenant: storetest.NewTenant()}
	client, table := dynamotest.Table(t, dynamotest.Through(&b.transport), dynamotest.ReportCapacity)
	b.Store = dynamo.New(client, table)
	b.Sleep = b.sleep
	return b
}

// onNothing is a bench without a network: each request needs a fault that answers it.
func onNothing(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, tenant: "tenant"}
	b.Store = dynamo.New(dynamotest.Client("http://127.0.0.1:1", dynamotest.Through(&b.transport)), "table")
	b.Sleep = b.sleep
	return b
}

func (b *bench) sleep(ctx context.Context, d time.Duration) error {
	b.waited = append(b.waited, d)
	return ctx.Err()
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) wantRequests(want map[string]int) {
	b.Helper()
	if got := b.transport.Requests(); !maps.Equal(got, want) {
		b.Errorf("requests: got %v, want %v", got, want)
	}
}

// stored creates an application and a session, and resets the counts.
func (b *bench) stored(change ...func(*session.Session)) session.Session {
	b.Helper()
	if _, err := b.PutApplication(b.Context(), storetest.NewApplication(b.tenant, "app")); !errors.Is(err, session.ErrChanged) {
		b.must(err) // ErrChanged: it exists
	}
	s := storetest.NewSession(b.tenant, "user", "app")
	for _, c := range change {
		c(&s)
	}
	b.must(b.Create(b.Context(), s))
	b.transport.Reset()
	return s
}
