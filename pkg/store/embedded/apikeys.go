package embedded

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// APIKey implements session.APIKeys.
func (s *Store) APIKey(ctx context.Context, id string) (session.APIKey, error) {
	key, err := view(ctx, s, func(tx *bbolt.Tx) (session.APIKey, error) { return getAPIKey(tx, id) })
	if err != nil {
		return session.APIKey{}, fmt.Errorf("API key: %w", err)
	}
	return key, nil
}

func getAPIKey(tx *bbolt.Tx, id string) (session.APIKey, error) {
	value := tx.Bucket([]byte(apiKeysBucket)).Get(keyOfParts(id))
	if value == nil {
		return session.APIKey{}, session.ErrNoAPIKey
	}
	return decodeAPIKey(id, value)
}

// ListAPIKeys implements session.APIKeys. It reads the keys of all tenants, which are few in one file.
func (s *Store) ListAPIKeys(ctx context.Context, tenant string) ([]session.APIKey, error) {
	all, err := view(ctx, s, func(tx *bbolt.Tx) (all []session.APIKey, err error) {
		c := tx.Bucket([]byte(apiKeysBucket)).Cursor()
		for k, value := c.First(); k != nil; k, value = c.Next() {
			id, _, ok := cutPart(k)
			if !ok {
				return nil, errDamagedKey
			}
			key, err := decodeAPIKey(id, value)
			if err != nil {
				return nil, err
			}
			if key.Tenant == tenant {
				key.SecretHash = token.Hash{}
				all = append(all, key)
			}
		}
		return all, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return all, nil
}

// RotateAPIKey implements session.APIKeys.
func (s *Store) RotateAPIKey(ctx context.Context, old session.APIKey, expiresAt time.Time, added session.APIKey) error {
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		stored, err := getAPIKey(t.Tx, old.ID)
		switch {
		case err != nil:
			return nothing{}, err
		case !stored.ExpiresAt.Equal(old.ExpiresAt):
			return nothing{}, session.ErrChanged
		}
		if err := t.addAPIKey(added); err != nil {
			return nothing{}, err
		}
		stored.ExpiresAt = expiresAt
		t.put(apiKeysBucket, keyOfParts(stored.ID), encodeAPIKey(stored))
		return nothing{}, nil
	})
	if err != nil {
		return fmt.Errorf("rotate API key: %w", err)
	}
	return nil
}

// addAPIKey decides before it writes.
func (t *transaction) addAPIKey(added session.APIKey) error {
	key := keyOfParts(added.ID)
	if err := checkLength(key); err != nil {
		return err
	}
	if t.Bucket([]byte(apiKeysBucket)).Get(key) != nil {
		return errExists
	}
	t.put(apiKeysBucket, key, encodeAPIKey(added))
	return nil
}

// PutAPIKey implements session.APIKeys.
func (s *Store) PutAPIKey(ctx context.Context, added session.APIKey) error {
	_, err := update(ctx, s, func(t *transaction) (nothing, error) { return nothing{}, t.addAPIKey(added) })
	if err != nil {
		return fmt.Errorf("put API key: %w", err)
	}
	return nil
}

// DeleteAPIKey implements session.APIKeys.
func (s *Store) DeleteAPIKey(ctx context.Context, tenant, id string) error {
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		key, err := getAPIKey(t.Tx, id)
		if err != nil {
			return nothing{}, err
		}
		if key.Tenant != tenant {
			return nothing{}, session.ErrNoAPIKey
		}
		t.remove(apiKeysBucket, keyOfParts(id))
		return nothing{}, nil
	})
	if err != nil {
		return fmt.Errorf("delete API key: %w", err)
	}
	return nil
}
