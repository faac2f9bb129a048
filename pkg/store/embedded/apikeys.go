package embedded

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
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

// PutAPIKey implements session.APIKeys.
func (s *Store) PutAPIKey(ctx context.Context, added session.APIKey) error {
	key := keyOfParts(added.ID)
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		if err := checkLength(key); err != nil {
			return nothing{}, err
		}
		if t.Bucket([]byte(apiKeysBucket)).Get(key) != nil {
			return nothing{}, errExists
		}
		t.put(apiKeysBucket, key, encodeAPIKey(added))
		return nothing{}, nil
	})
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
