package dynamo_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// Law 3: an SDK retry after a lost DynamoDB reply succeeds.
func TestARotationWithALostAnswerReturnsItsOwnRequestID(t *testing.T) {
	b := onEngine(t)
	for name, lost := range map[string]dynamotest.Fault{"lost": dynamotest.ReplyLost(), "cut": dynamotest.ReplyCut()} {
		s := b.stored()
		r := storetest.NewRotation(s)
		b.transport.Next("UpdateItem", lost)
		current, applied, err := b.Rotate(b.Context(), r)
		b.must(err)
		b.wantRequests(map[string]int{"UpdateItem": 2})
		if applied {
			t.Errorf("%s: got an applied second attempt, want a refused one", name)
		}
		if diff := storetest.Diff(r.Apply(s), current); diff != "" {
			t.Errorf("%s: the item after the first attempt (-want +got):\n%s", name, diff)
		}
	}
}

func TestAReusableSessionWithALostAnswerIsExtendedOnce(t *testing.T) {
	b := onEngine(t)
	s := b.stored(func(s *session.Session) { s.Policy.Reusable = true })
	r := storetest.NewRotation(s)
	b.transport.Next("UpdateItem", dynamotest.ReplyLost())
	current, applied, err := b.Rotate(b.Context(), r)
	b.must(err)
	if diff := storetest.Diff(r.Apply(s), current); diff != "" || !applied {
		t.Errorf("got applied %v, want true (-want +got):\n%s", applied, diff)
	}
}

// A put between the two attempts keeps the id of the ending: its entry must not get lost.
func TestAnEndingWithALostAnswerKnowsItselfAfterAPut(t *testing.T) {
	b := onEngine(t)
	b.stored()
	app, err := b.Application(b.Context(), b.tenant, "app")
	b.must(err)
	b.transport.Reset()
	b.transport.Next("UpdateItem", func(request *http.Request, send dynamotest.Send) (*http.Response, error) {
		_, err := dynamotest.ReplyLost()(request, send)
		_, put := b.PutApplication(b.Context(), app)
		return nil, errors.Join(err, put)
	})
	b.advance(1)
	b.wantRequests(map[string]int{"UpdateItem": 3})
}

// Law 4, no late first attempts: the issuer draws another id instead.
func TestACreationWithALostAnswerIsNotRepeated(t *testing.T) {
	b := onEngine(t)
	for name, fault := range map[string]dynamotest.Fault{
		"lost": dynamotest.ReplyLost(), "refused": dynamotest.Refuse(http.StatusInternalServerError, "InternalServerError", ""),
	} {
		b.transport.Reset()
		b.transport.Next("PutItem", fault)
		if err := b.Create(b.Context(), storetest.NewSession(b.tenant, "user", "app")); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", name, err, session.ErrUnavailable)
		}
		b.wantRequests(map[string]int{"PutItem": 1})
	}
}

// The package's doc, "Repeated requests".
func TestRepeatedWritesHaveTheDocumentedResults(t *testing.T) {
	b := onEngine(t)
	created, apiKey, added := b.stored(), storetest.NewAPIKey(b.tenant), storetest.NewAPIKey(b.tenant)
	var app session.Application
	var deleted session.Session
	var ending session.Ending
	cases := []struct {
		verb, operation string
		want            error
		run             func() error
	}{
		{"PutAPIKey", "TransactWriteItems", nil, func() error { return b.PutAPIKey(b.Context(), apiKey) }},
		{"RotateAPIKey", "TransactWriteItems", nil, func() error {
			return b.RotateAPIKey(b.Context(), apiKey, storetest.Now(), added)
		}},
		{"DeleteAPIKey", "TransactWriteItems", nil, func() error {
			return b.DeleteAPIKey(b.Context(), b.tenant, apiKey.ID)
		}},
		{"PutApplication (new)", "TransactWriteItems", nil, func() (err error) {
			app, err = b.PutApplication(b.Context(), storetest.NewApplication(b.tenant, "new"))
			return err
		}},
		{"PutApplication", "UpdateItem", nil, func() error {
			put, err := b.PutApplication(b.Context(), app)
			if put.Version != app.Version+1 {
				t.Errorf("PutApplication: got version %d, want %d", put.Version, app.Version+1)
			}
			return err
		}},
		{"DeleteApplication", "UpdateItem", nil, func() error {
			app.Version++ // of the put that was applied
			ending, err := b.DeleteApplication(b.Context(), app, storetest.Now())
			if !ending.Own {
				t.Errorf("DeleteApplication: got another's ending, want its own")
			}
			return err
		}},
		{"Delete", "DeleteItem", session.ErrPerhapsDeleted, func() error {
			_, err := b.Delete(b.Context(), session.Deletion{Key: deleted.Key})
			return err
		}},
		{"DeleteBatch", "BatchWriteItem", nil, func() error {
			return b.DeleteBatch(b.Context(), []session.Key{created.Key})
		}},
		{"AdvanceEpoch", "UpdateItem", nil, func() (err error) {
			ending, err = b.AdvanceEpoch(b.Context(), b.tenant, "app", 0)
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
	if keys, err := b.ListAPIKeys(b.Context(), b.tenant); err != nil || len(keys) != 1 || keys[0].ID != added.ID {
		t.Errorf("got keys %v, %v; want the one that a rotation added", keys, err)
	}
	app, err := b.Application(b.Context(), b.tenant, "app")
	b.must(err)
	if app.Epoch != 1 || ending != (session.Ending{Epoch: 1, Own: true}) {
		t.Errorf("AdvanceEpoch: got %+v and epoch %d in the application, want its own 1", ending, app.Epoch)
	}
	if _, _, err := b.Load(b.Context(), created.Key); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("got %v after DeleteBatch, want %v", err, session.ErrNoSession)
	}
}
