package dynamo_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Law 5: batched deletes with retries of unprocessed items.
func TestUnprocessedDeletesAreRepeatedUntilDone(t *testing.T) {
	b := onEngine(t)
	var keys []session.Key
	for range 25 {
		keys = append(keys, b.stored().Key)
	}
	b.transport.Next("BatchWriteItem", dynamotest.Unprocessed(10), dynamotest.Unprocessed(0), dynamotest.Unprocessed(1))
	b.must(b.DeleteBatch(b.Context(), keys))
	b.wantRequests(map[string]int{"BatchWriteItem": 4})
	left, _, err := b.Query(b.Context(), session.Query{Tenant: b.tenant, User: "user"})
	if err != nil || len(left) != 0 {
		t.Errorf("got %d sessions left, %v; want none", len(left), err)
	}
}

func TestUnprocessedReadsAreRepeatedUntilDone(t *testing.T) {
	b := onEngine(t)
	s := b.stored()
	b.transport.Next("BatchGetItem", dynamotest.Unprocessed(1), dynamotest.Unprocessed(0))
	loaded, app, err := b.Load(b.Context(), s.Key)
	b.must(err)
	b.wantRequests(map[string]int{"BatchGetItem": 3})
	if diff := storetest.Diff(s, loaded); diff != "" || app.ID != "app" {
		t.Errorf("got application %q, want app; session (-want +got):\n%s", app.ID, diff)
	}
}

func TestItemsThatStayUnprocessedAreUnavailable(t *testing.T) {
	b := onNothing(t)
	b.transport.Always("BatchWriteItem", dynamotest.Unprocessed(0))
	b.transport.Always("BatchGetItem", dynamotest.Unprocessed(0))
	const ms = time.Millisecond
	backOff := []time.Duration{25 * ms, 50 * ms, 100 * ms, 200 * ms, 400 * ms}
	key := storetest.NewSession(b.tenant, "user", "app").Key

	if err := b.DeleteBatch(b.Context(), []session.Key{key}); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("DeleteBatch: got %v, want ErrUnavailable", err)
	}
	if !slices.Equal(b.waited, backOff) {
		t.Errorf("DeleteBatch: got waits %v, want %v", b.waited, backOff)
	}
	b.waited = nil
	if _, _, err := b.Load(b.Context(), key); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Load: got %v, want ErrUnavailable", err)
	}
	if !slices.Equal(b.waited, backOff) {
		t.Errorf("Load: got waits %v, want %v", b.waited, backOff)
	}
	b.wantRequests(map[string]int{"BatchWriteItem": 6, "BatchGetItem": 6})
}

func TestDeleteBatchIsOneRequestPer25Sessions(t *testing.T) {
	for sessions, requests := range map[int]int{0: 0, 1: 1, 25: 1, 26: 2, 101: 5} {
		b := onNothing(t)
		b.transport.Always("BatchWriteItem", dynamotest.Reply(200, `{}`))
		keys := make([]session.Key, sessions)
		for n := range keys {
			keys[n] = storetest.NewSession(b.tenant, "user", "app").Key
		}
		b.must(b.DeleteBatch(b.Context(), slices.Concat(keys, keys)))
		if got := b.transport.Requests()["BatchWriteItem"]; got != requests {
			t.Errorf("%d sessions, each twice: got %d requests, want %d", sessions, got, requests)
		}
	}
}

func TestOneFailedBatchFailsDeleteBatch(t *testing.T) {
	b := onNothing(t)
	b.transport.Next("BatchWriteItem", dynamotest.Refuse(400, "AccessDeniedException", ""))
	b.transport.Always("BatchWriteItem", dynamotest.Reply(200, `{}`))
	keys := make([]session.Key, 60)
	for n := range keys {
		keys[n] = session.Key{Tenant: "t", User: strconv.Itoa(n), Application: "a"}
	}
	if err := b.DeleteBatch(b.Context(), keys); err == nil || errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want an error other than ErrUnavailable", err)
	}
}
