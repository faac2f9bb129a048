package dynamo_test

import (
	"errors"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Law 3: an SDK retry after a lost DynamoDB reply succeeds.
func TestALostAnswerOfARotationIsKnownByItsOwnRequestID(t *testing.T) {
	b := onEngine(t)
	for name, lost := range map[string]dynamotest.Fault{"lost": dynamotest.ReplyLost(), "cut": dynamotest.ReplyCut()} {
		s := b.stored()
		r := storetest.NewRotation(s)
		b.transport.Next("UpdateItem", lost)
		current, applied, err := b.Rotate(b.Context(), r)
		b.must(err)
		b.wantRequests(map[string]int{"UpdateItem": 2})
		if applied {
			t.Errorf("%s: the second attempt was applied too", name)
		}
		if diff := storetest.Diff(r.Apply(s), current); diff != "" {
			t.Errorf("%s: the item that refused is not what the first attempt wrote (-want +got):\n%s", name, diff)
		}
	}
}

func TestALostAnswerExtendsAReusableSessionOnce(t *testing.T) {
	b := onEngine(t)
	s := b.stored(func(s *session.Session) { s.Policy.Reusable = true })
	r := storetest.NewRotation(s)
	b.transport.Next("UpdateItem", dynamotest.ReplyLost())
	current, applied, err := b.Rotate(b.Context(), r)
	b.must(err)
	if diff := storetest.Diff(r.Apply(s), current); diff != "" || !applied {
		t.Errorf("applied %v (-want +got):\n%s", applied, diff)
	}
}

// The package's doc, "Repeated requests".
func TestWritesWhoseAnswerIsLostAreSafeToRepeat(t *testing.T) {
	b := onEngine(t)
	created, apiKey := storetest.NewSession(b.tenant, "user", "app"), storetest.NewAPIKey(b.tenant)
	var deleted session.Session
	var epoch uint64
	cases := []struct {
		verb, operation string
		want            error
		run             func() error
	}{
		{"Create", "PutItem", nil, func() error { return b.Create(b.Context(), created) }},
		{"PutAPIKey", "PutItem", nil, func() error { return b.PutAPIKey(b.Context(), apiKey) }},
		{"DeleteAPIKey", "DeleteItem", session.ErrNoAPIKey, func() error {
			return b.DeleteAPIKey(b.Context(), b.tenant, apiKey.ID)
		}},
		{"Delete", "DeleteItem", session.ErrNoSession, func() error {
			_, err := b.Delete(b.Context(), deleted.Key)
			return err
		}},
		{"DeleteBatch", "BatchWriteItem", nil, func() error {
			return b.DeleteBatch(b.Context(), []session.Key{created.Key})
		}},
		{"AdvanceEpoch", "UpdateItem", nil, func() (err error) {
			epoch, err = b.AdvanceEpoch(b.Context(), b.tenant, "app")
			return err
		}},
	}
	for _, c := range cases {
		deleted = b.stored()
		b.transport.Next(c.operation, dynamotest.ReplyLost())
		if err := c.run(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.verb, err, c.want)
		}
		b.wantRequests(map[string]int{c.operation: 2})
	}
	app, err := b.Application(b.Context(), b.tenant, "app")
	b.must(err)
	if app.Epoch != epoch || epoch == 0 {
		t.Errorf("AdvanceEpoch answered %d, the application says %d", epoch, app.Epoch)
	}
	if _, _, err := b.Load(b.Context(), created.Key); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("a session survived DeleteBatch: %v", err)
	}
}
