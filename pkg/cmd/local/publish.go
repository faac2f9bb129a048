package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// published is a table whose events are those of the requests of this service. A stream, which an endpoint may lack, would
// also have those of TTL.
type published struct {
	*dynamo.Store

	events *event.File
}

// Record publishes the entry whether it could be written or not.
func (p published) Record(ctx context.Context, e session.Entry) {
	p.Store.Record(ctx, e)
	p.events.Publish([]session.Change{{ID: e.ID.String(), At: e.ID.Time(), Entry: &e}})
}

func (p published) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	old, err := p.Store.Delete(ctx, d)
	if err == nil || errors.Is(err, session.ErrPerhapsDeleted) {
		p.ended(d.Key)
	}
	return old, err
}

func (p published) DeleteBatch(ctx context.Context, keys []session.Key) error {
	err := p.Store.DeleteBatch(ctx, keys)
	if err == nil {
		p.ended(keys...)
	}
	return err
}

func (p published) ended(keys ...session.Key) {
	now := time.Now()
	var changes []session.Change
	for _, key := range keys {
		id, _ := token.NewID(now, rand.Reader) // it never fails
		changes = append(changes, session.Change{ID: id.String(), At: now, Kind: session.ItemDeleted, Key: key})
	}
	p.events.Publish(changes)
}
