package session

import (
	"context"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// DeleteByApplicationStore is what ApplicationDeleter needs of Store.
type DeleteByApplicationStore interface {
	Application(ctx context.Context, tenant, id string) (Application, error)
	AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (Ending, error)
	Recorder
}

// ApplicationDeleter ends all sessions of applications.
type ApplicationDeleter struct {
	store DeleteByApplicationStore
	clock clock
}

// NewApplicationDeleter ends the sessions in a store.
func NewApplicationDeleter(store DeleteByApplicationStore, now func() time.Time) ApplicationDeleter {
	return ApplicationDeleter{store, now}
}

// DeleteByApplication ends all sessions of an application, however many, with one read and one write, and returns
// the epoch. Of calls that read the same epoch one ends the sessions and leaves an entry. Errors: ErrNoApplication.
func (d ApplicationDeleter) DeleteByApplication(ctx context.Context, tenant, application string) (uint64, error) {
	app, err := d.store.Application(ctx, tenant, application)
	if err != nil {
		return 0, fmt.Errorf("read application: %w", err)
	}
	ending, err := d.store.AdvanceEpoch(ctx, tenant, application, app.Epoch)
	if err != nil {
		return 0, fmt.Errorf("advance epoch: %w", err)
	}
	if ending.Own {
		Record(ctx, d.store, d.clock.now(), Entry{
			Tenant: tenant, Application: application, Event: EventDeleted, Epoch: ending.Epoch,
		})
	}
	return ending.Epoch, nil
}

// DeleteByAnchorStore is what AnchorDeleter needs of Store.
type DeleteByAnchorStore interface {
	RetrieveStore
	DeleteByApplicationStore
}

// AnchorDeleter ends all sessions of an application that a live session names.
type AnchorDeleter struct {
	retriever Retriever
	deleter   ApplicationDeleter
}

// NewAnchorDeleter ends the sessions in a store.
func NewAnchorDeleter(store DeleteByAnchorStore, now func() time.Time) AnchorDeleter {
	return AnchorDeleter{NewRetriever(store, now), NewApplicationDeleter(store, now)}
}

// DeleteByAnchor is DeleteByApplication where the id of a live session proves that the caller means this
// application. Errors: ErrNoSession, ErrOtherApplication; nothing is deleted then.
func (d AnchorDeleter) DeleteByAnchor(ctx context.Context, c Caller, anchor token.ID, application string) (uint64, error) {
	session, err := d.retriever.Retrieve(ctx, c, anchor)
	if err != nil {
		return 0, err
	}
	if session.Application != application {
		return 0, ErrOtherApplication
	}
	return d.deleter.DeleteByApplication(ctx, c.Tenant, application)
}
