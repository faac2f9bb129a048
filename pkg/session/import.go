package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ImportRequest describes one session of another system. The edge has checked the form of every field.
type ImportRequest struct {
	User              string
	Foreign           token.Foreign
	CreatedAt         time.Time // zero: now
	AbsoluteExpiresAt time.Time // zero: as the application's settings have it, which a later time does not exceed
	Scope             string
	Device            *Device
	Claims            json.RawMessage
}

// Skipped is why a session was not imported; "" for one that was.
type Skipped string

// The reasons.
const (
	SkippedThere     Skipped = "there"      // by an earlier import, whatever became of it
	SkippedOtherUser Skipped = "other user" // the token was imported for somebody else
	SkippedOver      Skipped = "over"       // it is over already
	SkippedTooLong   Skipped = "too long"   // its ids do not fit a refresh token
)

// ImportStore is what Importer needs of Store.
type ImportStore interface {
	Application(ctx context.Context, tenant, id string) (Application, error)
	Import(ctx context.Context, s Session, l Locator) (Locator, error)
	Recorder
}

// Importer brings sessions of another system along (law 10). It needs no key: a token of generation 0 has no tag.
type Importer struct {
	store ImportStore
	clock clock
}

// NewImporter imports into a store.
func NewImporter(store ImportStore, now func() time.Time) Importer { return Importer{store, now} }

// importsAtOnce is how many sessions, or entries, are written at the same time.
const importsAtOnce = 10

func someAtOnce(count int, do func(n int)) {
	places := make(chan struct{}, importsAtOnce)
	var running sync.WaitGroup
	for n := range count {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			do(n)
		})
	}
	running.Wait()
}

// Import adds sessions to an application, evicts none, and says why it skipped which. It may be repeated. Errors:
// ErrNoApplication; ErrUnavailable, where some may have been imported.
func (i Importer) Import(ctx context.Context, tenant, application string, all []ImportRequest) ([]Skipped, error) {
	app, err := i.store.Application(ctx, tenant, application)
	if err != nil {
		return nil, fmt.Errorf("read application: %w", err)
	}
	now := i.clock.now()
	skipped, errs, keys := make([]Skipped, len(all)), make([]error, len(all)), make([]Key, len(all))
	someAtOnce(len(all), func(n int) { keys[n], skipped[n], errs[n] = i.one(ctx, app, all[n], now) })
	i.record(ctx, keys, skipped, errs, now)
	return skipped, errors.Join(errs...)
}

func (i Importer) one(ctx context.Context, app Application, req ImportRequest, now time.Time) (Key, Skipped, error) {
	if token.Room(app.Tenant, req.User, app.ID) < 0 {
		return Key{}, SkippedTooLong, nil
	}
	session, locator := imported(app, req, now)
	if session.Expired(now) {
		return session.Key, SkippedOver, nil
	}
	old, err := i.store.Import(ctx, session, locator)
	switch {
	case err == nil:
		return session.Key, "", nil
	case !errors.Is(err, ErrImported):
		return session.Key, "", fmt.Errorf("import session: %w", err)
	case old.Tenant != app.Tenant || old.User != req.User:
		return session.Key, SkippedOtherUser, nil
	}
	return session.Key, SkippedThere, nil
}

// imported is the session of a foreign token, as an issue at CreatedAt would have made it, and refreshed now.
func imported(app Application, req ImportRequest, now time.Time) (Session, Locator) {
	created := req.CreatedAt.UTC().Truncate(time.Millisecond)
	if req.CreatedAt.IsZero() {
		created = now
	}
	policy, secret := app.Settings.policy(), req.Foreign.Secret()
	end := created.Add(seconds(app.Settings.RefreshAbsoluteSeconds))
	if given := req.AbsoluteExpiresAt.UTC().Truncate(time.Millisecond); !req.AbsoluteExpiresAt.IsZero() && given.Before(end) {
		end = given
	}
	key := Key{Tenant: app.Tenant, User: req.User, Application: app.ID, ID: req.Foreign.Session(created)}
	session := Session{
		Key: key, SecretHash: secret.Hash(), RootHash: secret.RootHash(key.ID), AccessTokenID: req.Foreign.AccessID(created),
		CreatedAt: created, IdleExpiresAt: now.Add(policy.Idle), AbsoluteExpiresAt: end,
		Epoch: app.Epoch, Policy: policy, Scope: req.Scope, Device: req.Device, Claims: req.Claims,
	}
	return session, Locator{
		Hash: req.Foreign.Locator(), Key: key, Reusable: policy.Reusable,
		NeedsAccess: app.Settings.RequireAccessTokenPresent, DPoP: app.Settings.DPoP.flag(), ExpiresAt: end,
	}
}

// record writes one entry for each user.
func (i Importer) record(ctx context.Context, keys []Key, skipped []Skipped, errs []error, now time.Time) {
	entries := map[string]*Entry{}
	var order []*Entry
	for n, key := range keys {
		if skipped[n] != "" || errs[n] != nil {
			continue
		}
		e := entries[key.User]
		if e == nil {
			made := entryOf(key, EventImported)
			made.Sessions = nil
			e = &made
			entries[key.User], order = e, append(order, e)
		}
		e.Sessions = append(e.Sessions, key.ID)
	}
	someAtOnce(len(order), func(n int) { Record(ctx, i.store, now, *order[n]) })
}
