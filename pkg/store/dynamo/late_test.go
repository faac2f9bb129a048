package dynamo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// held is a request that the network has kept back; its client saw a broken connection.
type held struct{ arrive func() error }

func (h *held) fault(request *http.Request, send dynamotest.Send) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	late := request.Clone(context.Background())
	h.arrive = func() error {
		late.Body = io.NopCloser(bytes.NewReader(body))
		answer, err := send(late)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}
	return nil, io.ErrUnexpectedEOF
}

// Law 4, no late first attempts: what arrives after its own repetition, and after what followed that, has no effect.
func TestAFirstAttemptThatArrivesLateChangesNothing(t *testing.T) {
	b := onEngine(t)
	key, added := storetest.NewAPIKey(b.tenant), storetest.NewAPIKey(b.tenant)
	var app session.Application
	put := func() (err error) {
		app, err = b.PutApplication(b.Context(), app)
		return err
	}
	remove := func() error {
		_, err := b.DeleteApplication(b.Context(), app, storetest.Now())
		return err
	}
	again := func() error {
		app = storetest.NewApplication(b.tenant, "app")
		return put()
	}
	for _, c := range []struct {
		name, operation       string
		before, run, followed func() error
	}{
		{
			"PutAPIKey", "TransactWriteItems", nil,
			func() error { return b.PutAPIKey(b.Context(), key) },
			func() error { return b.DeleteAPIKey(b.Context(), b.tenant, key.ID) },
		},
		{
			"RotateAPIKey", "TransactWriteItems",
			func() error { return b.PutAPIKey(b.Context(), key) },
			func() error { return b.RotateAPIKey(b.Context(), key, storetest.Now(), added) },
			func() error {
				return errors.Join(b.DeleteAPIKey(b.Context(), b.tenant, key.ID), b.DeleteAPIKey(b.Context(), b.tenant, added.ID))
			},
		},
		{"PutApplication (new)", "TransactWriteItems", nil, again, remove},
		{"PutApplication (deleted)", "UpdateItem", nil, again, remove},
		{"PutApplication", "UpdateItem", again, put, put},
		{"DeleteApplication", "UpdateItem", nil, remove, again},
		{"AdvanceEpoch", "UpdateItem", nil, func() error {
			_, err := b.AdvanceEpoch(b.Context(), b.tenant, "app", app.Epoch)
			return err
		}, nil},
	} {
		if c.before != nil {
			b.must(c.before())
		}
		var late held
		b.transport.Next(c.operation, late.fault)
		b.must(c.run())
		if c.followed != nil {
			b.must(c.followed())
		}
		want := b.contents()
		b.must(late.arrive())
		if diff := storetest.Diff(want, b.contents()); diff != "" {
			t.Errorf("%s: the late attempt changes (-want +got):\n%s", c.name, diff)
		}
	}
}

// contents are the API keys and the applications.
func (b *bench) contents() []any {
	b.Helper()
	keys, err := b.ListAPIKeys(b.Context(), b.tenant)
	b.must(err)
	apps, _, err := b.ListApplications(b.Context(), b.tenant, session.Page{})
	b.must(err)
	return []any{keys, apps}
}
