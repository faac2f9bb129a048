package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Import implements session.Imports.
func (s *Store) Import(ctx context.Context, added session.Session, l session.Locator) (session.Locator, error) {
	key := sessionKey(added.Key)
	var old session.Locator
	_, err := update(ctx, s, func(t *transaction) (_ nothing, err error) {
		if err := checkLength(key); err != nil {
			return nothing{}, err
		}
		if there := t.Bucket([]byte(importedBucket)).Get(l.Hash[:]); there != nil {
			if old, err = decodeLocator(l.Hash, there); err == nil {
				err = session.ErrImported
			}
			return nothing{}, err
		}
		if t.Bucket([]byte(sessionsBucket)).Get(key) != nil {
			old = l
			return nothing{}, session.ErrImported
		}
		t.put(importedBucket, l.Hash[:], encodeLocator(l))
		t.put(importedDueBucket, dueKey(l.ExpiresAt, l.Hash[:]), nil)
		t.putNew(key, added)
		return nothing{}, nil
	})
	if err != nil {
		return old, fmt.Errorf("import: %w", err)
	}
	return l, nil
}

// Imported implements session.ImportReader.
func (s *Store) Imported(ctx context.Context, hash token.Hash) (session.Locator, error) {
	l, err := view(ctx, s, func(tx *bbolt.Tx) (session.Locator, error) {
		value := tx.Bucket([]byte(importedBucket)).Get(hash[:])
		if value == nil {
			return session.Locator{}, session.ErrNoSession
		}
		return decodeLocator(hash, value)
	})
	if err != nil {
		return session.Locator{}, fmt.Errorf("imported: %w", err)
	}
	return l, nil
}

func encodeLocator(l session.Locator) []byte {
	b := []byte{version2, flag(l.Reusable, flagReusable) | flag(l.NeedsAccess, flagRequireAccess), byte(l.DPoP)}
	b = append(b, l.ID[:]...)
	return appendTime(appendText(appendText(appendText(b, l.Tenant), l.User), l.Application), l.ExpiresAt)
}

func decodeLocator(hash token.Hash, value []byte) (session.Locator, error) {
	d := newDecoder(value)
	flags := d.bytes(1)[0]
	l := session.Locator{
		Hash: hash, Reusable: flags&flagReusable != 0, NeedsAccess: flags&flagRequireAccess != 0, DPoP: token.DPoP(d.bytes(1)[0]),
	}
	copy(l.ID[:], d.bytes(len(l.ID)))
	l.Tenant, l.User, l.Application = d.text(), d.text(), d.text()
	l.ExpiresAt = d.time()
	return l, d.end()
}

// sweepLocators removes the locators of sessions whose absolute end has passed, and returns how many.
func (t *transaction) sweepLocators(now time.Time) (removed int) {
	var over [][]byte
	c := t.Bucket([]byte(importedDueBucket)).Cursor()
	for due, _ := c.First(); due != nil && len(over) < sweepBatch; due, _ = c.Next() {
		if binary.BigEndian.Uint64(due) > uint64(max(0, now.UnixMilli())) {
			break
		}
		over = append(over, bytes.Clone(due))
	}
	for _, due := range over {
		t.remove(importedDueBucket, due)
		t.remove(importedBucket, due[8:])
	}
	return len(over)
}
