package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Record implements session.Recorder.
func (s *Store) Record(ctx context.Context, e session.Entry) {
	key := entryKey(e.Tenant, e.User, e.ID)
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		if err := checkLength(key); err != nil {
			return nothing{}, err
		}
		if t.Bucket([]byte(entriesBucket)).Get(key) == nil {
			t.put(entriesBucket, key, encodeEntry(e))
			t.put(entriesDueBucket, slices.Concat(e.ID[:], key), nil)
			t.changes.recorded(e)
		}
		return nothing{}, nil
	})
	if err != nil && s.unrecorded != nil {
		s.unrecorded(ctx, e, fmt.Errorf("record: %w", err))
	}
}

// Entries implements session.History.
func (s *Store) Entries(ctx context.Context, q session.EntryQuery) (page []session.Entry, more bool, err error) {
	prefix := keyOfParts(q.Tenant, q.User)
	limit := entryKey(q.Tenant, q.User, q.Before)
	if (q.Before == token.ID{}) {
		limit = bytes.Clone(prefix)
		limit[len(limit)-1]++
	}
	page, err = view(ctx, s, func(tx *bbolt.Tx) ([]session.Entry, error) {
		var page []session.Entry
		c := tx.Bucket([]byte(entriesBucket)).Cursor()
		key, value := seekBelow(c, limit)
		for ; bytes.HasPrefix(key, prefix); key, value = c.Prev() {
			if more = len(page) >= max(q.Limit, 1); more {
				break
			}
			e, err := decodeEntry(key[len(prefix):], value)
			if err != nil {
				return nil, err
			}
			e.Tenant, e.User = q.Tenant, q.User
			page = append(page, e)
		}
		return page, nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("entries: %w", err)
	}
	return page, more, nil
}

func entryKey(tenant, user string, id token.ID) []byte {
	return append(keyOfParts(tenant, user), id[:]...)
}

func encodeEntry(e session.Entry) []byte {
	b := []byte{version2}
	for _, text := range []string{
		string(e.Event), e.Application, e.APIKey, e.By, e.Reason, e.IP, e.RequestID,
	} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(e.Count)), e.Epoch)
	b = binary.AppendUvarint(b, uint64(len(e.Sessions)))
	for _, id := range e.Sessions {
		b = append(b, id[:]...)
	}
	return appendText(b, e.Changed)
}

func decodeEntry(id, value []byte) (e session.Entry, err error) {
	if copy(e.ID[:], id) != len(id) {
		return e, errDamagedKey
	}
	d := newDecoder(value)
	e.Event = session.Event(d.text())
	for _, text := range []*string{&e.Application, &e.APIKey, &e.By, &e.Reason, &e.IP, &e.RequestID} {
		*text = d.text()
	}
	e.Count, e.Epoch = int(d.uint()), d.uint()
	for n := d.uint(); n > 0 && !d.bad; n-- {
		e.Sessions = append(e.Sessions, token.ID(d.bytes(len(e.ID))))
	}
	if changed := d.text(); changed != "" {
		e.Changed = json.RawMessage(changed)
	}
	return e, d.end()
}

// sweepEntries removes the entries whose life is over, and returns how many.
func (t *transaction) sweepEntries(now time.Time) (removed int) {
	var over [][]byte
	c := t.Bucket([]byte(entriesDueBucket)).Cursor()
	for due, _ := c.First(); due != nil && len(over) < sweepBatch; due, _ = c.Next() {
		if token.ID(due[:len(token.ID{})]).Time().Add(session.EntryLife).After(now) {
			break
		}
		over = append(over, bytes.Clone(due))
	}
	for _, due := range over {
		t.remove(entriesDueBucket, due)
		t.remove(entriesBucket, due[len(token.ID{}):])
	}
	return len(over)
}
