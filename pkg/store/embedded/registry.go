package embedded

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// DeleteApplication implements session.Registry.
func (s *Store) DeleteApplication(ctx context.Context, app session.Application, at time.Time) (session.Ending, error) {
	ending, err := update(ctx, s, func(t *transaction) (session.Ending, error) {
		old, err := getRegistered(t.Tx, app.Tenant, app.ID)
		switch {
		case err != nil:
			return session.Ending{}, err
		case !old.deletedAt.IsZero():
			return session.Ending{Epoch: old.Epoch}, nil
		case old.Epoch != app.Epoch || old.Version != app.Version:
			return session.Ending{}, session.ErrChanged
		}
		old.Epoch, old.Version, old.deletedAt = old.Epoch+1, old.Version+1, at
		t.put(applicationsBucket, keyOfParts(app.Tenant, app.ID), encodeApplication(old))
		return session.Ending{Epoch: old.Epoch, Own: true}, nil
	})
	if err != nil {
		return session.Ending{}, fmt.Errorf("delete application: %w", err)
	}
	return ending, nil
}

// ListApplications implements session.Registry. A page without a limit has up to 256.
func (s *Store) ListApplications(
	ctx context.Context, tenant string, page session.Page,
) (apps []session.Application, more bool, err error) {
	prefix := keyOfParts(tenant)
	apps, err = view(ctx, s, func(tx *bbolt.Tx) (apps []session.Application, err error) {
		c := tx.Bucket([]byte(applicationsBucket)).Cursor()
		for key, value := seekAfter(c, prefix, page.After); bytes.HasPrefix(key, prefix); key, value = c.Next() {
			id, _, ok := cutPart(key[len(prefix):])
			if !ok {
				return nil, errDamagedKey
			}
			app, err := decodeApplication(tenant, id, value)
			if err != nil {
				return nil, err
			}
			if !app.deletedAt.IsZero() {
				continue
			}
			if more = len(apps) == cmp.Or(page.Limit, pageSize); more {
				break
			}
			apps = append(apps, app.Application)
		}
		return apps, nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("list applications: %w", err)
	}
	return apps, more, nil
}

// ListTenants implements session.Registry. A page without a limit has up to 256.
func (s *Store) ListTenants(ctx context.Context, page session.Page) (tenants []string, more bool, err error) {
	tenants, err = view(ctx, s, func(tx *bbolt.Tx) (tenants []string, err error) {
		c := tx.Bucket([]byte(applicationsBucket)).Cursor()
		for key, _ := seekAfter(c, nil, page.After); key != nil; {
			tenant, _, ok := cutPart(key)
			if !ok {
				return nil, errDamagedKey
			}
			if more = len(tenants) == cmp.Or(page.Limit, pageSize); more {
				break
			}
			tenants = append(tenants, tenant)
			key, _ = seekAfter(c, nil, tenant)
		}
		return tenants, nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("list tenants: %w", err)
	}
	return tenants, more, nil
}

// seekAfter moves to the first key that has prefix and, behind it, a part that is greater than after; "" means the first.
func seekAfter(c *bbolt.Cursor, prefix []byte, after string) (key, value []byte) {
	from := bytes.Clone(prefix)
	if after != "" {
		from = appendPart(from, after)
		from[len(from)-1]++
	}
	return c.Seek(from)
}
