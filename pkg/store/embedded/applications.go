package embedded

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Application implements session.Applications.
func (s *Store) Application(ctx context.Context, tenant, id string) (session.Application, error) {
	app, err := view(ctx, s, func(tx *bbolt.Tx) (session.Application, error) {
		return getApplication(tx, tenant, id)
	})
	if err != nil {
		return session.Application{}, fmt.Errorf("application: %w", err)
	}
	return app, nil
}

// ApplicationOf implements session.Applications.
func (s *Store) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	return s.Application(ctx, key.Tenant, key.Application)
}

func getApplication(tx *bbolt.Tx, tenant, id string) (session.Application, error) {
	app, err := getRegistered(tx, tenant, id)
	if err == nil && !app.deletedAt.IsZero() {
		err = session.ErrNoApplication
	}
	return app.Application, err
}

// getRegistered also finds an application that was deleted.
func getRegistered(tx *bbolt.Tx, tenant, id string) (application, error) {
	value := tx.Bucket([]byte(applicationsBucket)).Get(keyOfParts(tenant, id))
	if value == nil {
		return application{}, session.ErrNoApplication
	}
	return decodeApplication(tenant, id, value)
}

// Applications implements session.Applications. It has no limit of ids.
func (s *Store) Applications(ctx context.Context, tenant, _ string, ids []string) (map[string]session.Application, error) {
	apps, err := view(ctx, s, func(tx *bbolt.Tx) (map[string]session.Application, error) {
		apps := make(map[string]session.Application, len(ids))
		for _, id := range ids {
			app, err := getApplication(tx, tenant, id)
			if errors.Is(err, session.ErrNoApplication) {
				continue
			}
			if err != nil {
				return nil, err
			}
			apps[id] = app
		}
		return apps, nil
	})
	if err != nil {
		return nil, fmt.Errorf("applications: %w", err)
	}
	return apps, nil
}

// PutApplication implements session.Applications.
func (s *Store) PutApplication(ctx context.Context, app session.Application) (session.Application, error) {
	put, err := update(ctx, s, func(t *transaction) (session.Application, error) {
		key := keyOfParts(app.Tenant, app.ID)
		if err := checkLength(key); err != nil {
			return session.Application{}, err
		}
		old, err := getRegistered(t.Tx, app.Tenant, app.ID)
		if err != nil && !errors.Is(err, session.ErrNoApplication) {
			return session.Application{}, err
		}
		seen := old.Version
		if !old.deletedAt.IsZero() {
			seen = 0
		}
		if seen != app.Version {
			return session.Application{}, session.ErrChanged
		}
		changed := app
		changed.Epoch, changed.Version = old.Epoch, old.Version+1
		t.put(applicationsBucket, key, encodeApplication(application{Application: changed}))
		return changed, nil
	})
	if err != nil {
		return session.Application{}, fmt.Errorf("put application: %w", err)
	}
	return put, nil
}

// AdvanceEpoch implements session.Applications.
func (s *Store) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	ending, err := update(ctx, s, func(t *transaction) (session.Ending, error) {
		app, err := getApplication(t.Tx, tenant, id)
		if err != nil || app.Epoch > from {
			return session.Ending{Epoch: app.Epoch}, err
		}
		app.Epoch++
		t.put(applicationsBucket, keyOfParts(tenant, id), encodeApplication(application{Application: app}))
		return session.Ending{Epoch: app.Epoch, Own: true}, nil
	})
	if err != nil {
		return session.Ending{}, fmt.Errorf("advance epoch: %w", err)
	}
	return ending, nil
}
