package dynamo_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const nothingFound = `{"Count":0,"Items":[]}`

// Law 1: the index lags, and a miss for an id whose own UUIDv7 time is seconds old is retried briefly.
func TestAMissingYoungIDIsQueriedAgainBriefly(t *testing.T) {
	b := onNothing(t)
	b.transport.Always("Query", dynamotest.Reply(200, nothingFound))
	id := storetest.NewID()
	b.Now = func() time.Time { return id.Time().Add(4 * time.Second) }
	if _, err := b.Locate(b.Context(), b.tenant, id); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("got %v, want ErrNoSession", err)
	}
	const ms = time.Millisecond
	if want := []time.Duration{20 * ms, 50 * ms, 100 * ms}; !slices.Equal(b.waited, want) {
		t.Errorf("got waits %v, want %v", b.waited, want)
	}
	b.wantRequests(map[string]int{"Query": 4})
}

func TestAYoungIDIsFoundWhenTheIndexCatchesUp(t *testing.T) {
	b := onNothing(t)
	key := storetest.NewSession("te#nant", "us er", "app").Key
	b.Now = key.ID.Time
	b.transport.Next("Query", dynamotest.Reply(200, nothingFound), dynamotest.Reply(200, `{"Items":[{
		"PK":{"S":"TENANT#te%23nant#USER#us%20er"},"SK":{"S":"APP#app#TOKEN#`+key.ID.String()+`"},"GSI1PK":{"S":"x"}}]}`))
	got, err := b.Locate(b.Context(), key.Tenant, key.ID)
	if err != nil || got != key {
		t.Errorf("got %+v, %v; want %+v", got, err, key)
	}
}

func TestAnyOtherMissingIDIsOneRequest(t *testing.T) {
	now := time.Now()
	young := storetest.NewID()
	random := young
	random[6] = 0x40 | random[6]&0x0f // version 4, without a time
	for name, c := range map[string]struct {
		id  token.ID
		now time.Time
	}{
		"old":                  {young, now.Add(6 * time.Second)},
		"of the future":        {young, now.Add(-6 * time.Second)},
		"without a time (v4)":  {random, now},
		"without a time (nil)": {token.ID{}, time.UnixMilli(0)},
	} {
		b := onNothing(t)
		b.transport.Always("Query", dynamotest.Reply(200, nothingFound))
		b.Now = func() time.Time { return c.now }
		if _, err := b.Locate(b.Context(), b.tenant, c.id); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("%s: got %v, want ErrNoSession", name, err)
		}
		if got := b.transport.Requests()["Query"]; got != 1 {
			t.Errorf("%s: got %d requests, want 1", name, got)
		}
	}
}

func TestTheWaitForTheIndexEndsWithTheContext(t *testing.T) {
	b := onNothing(t)
	b.transport.Always("Query", dynamotest.Reply(200, nothingFound))
	ctx, cancel := context.WithCancel(t.Context())
	b.Sleep = func(ctx context.Context, _ time.Duration) error {
		cancel()
		return ctx.Err()
	}
	if _, err := b.Locate(ctx, b.tenant, storetest.NewID()); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// The port: "a page that promises more is never empty."
func TestEmptyPagesOfDynamoDBAreSkipped(t *testing.T) {
	b := onNothing(t)
	empty := dynamotest.Reply(200, `{"Items":[],"LastEvaluatedKey":{"PK":{"S":"p"},"SK":{"S":"s"}}}`)
	b.transport.Next("Query", empty, empty, dynamotest.Reply(200, nothingFound))
	page, more, err := b.Query(b.Context(), session.Query{Tenant: "t", User: "u"})
	if len(page) != 0 || more || err != nil {
		t.Errorf("got %d sessions, more %v, %v; want none and no more", len(page), more, err)
	}
	b.wantRequests(map[string]int{"Query": 3})
}

func TestAStartInAnotherApplicationIsTheTopOrTheEnd(t *testing.T) {
	b := onEngine(t)
	s := b.stored()
	for application, want := range map[string]int{"aoo": 0, "bpp": 1, "app0": 1, "ap": 0} {
		after := session.Key{Tenant: b.tenant, User: "user", Application: application, ID: storetest.NewID()}
		q := session.Query{Tenant: s.Tenant, User: s.User, Application: s.Application, After: &after}
		page, _, err := b.Query(b.Context(), q)
		if err != nil || len(page) != want {
			t.Errorf("after %s: got %d sessions, %v; want %d", application, len(page), err, want)
		}
	}
}

func TestAnEmptyListOfApplicationsIsNoRequest(t *testing.T) {
	b := onNothing(t)
	if apps, err := b.Applications(b.Context(), b.tenant, "user", nil); len(apps) != 0 || err != nil {
		t.Errorf("got %v, %v; want none", apps, err)
	}
	b.wantRequests(map[string]int{})
}
