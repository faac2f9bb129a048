package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// sweepBatch is the limit of sessions in one transaction of a sweep, so that other writers need not wait long.
const sweepBatch = 128

// Sweep removes expired sessions and returns their number. The due entry of a session has its expiry at creation, and a
// refresh does not move it. At that time the session itself decides: it is deleted, expired, or gets another entry.
func (s *Store) Sweep(ctx context.Context) (removed int, err error) {
	return s.sweep(ctx, s.now())
}

func (s *Store) sweep(ctx context.Context, now time.Time) (removed int, err error) {
	for {
		found, err := update(ctx, s, func(t *transaction) (swept, error) { return t.sweep(now), nil })
		if err = errors.Join(err, found.damage); err != nil {
			return removed + found.removed, fmt.Errorf("sweep: %w", err)
		}
		removed += found.removed
		if found.seen < sweepBatch {
			return removed, nil
		}
	}
}

// believeAfter is the number of sweeps in a row, an hour of them by default, in which the clock must have passed a time
// before Sweep uses it. Otherwise a clock that jumps ahead and back would delete live sessions.
const believeAfter = 60

// sweepEvery sweeps by the earliest of the last readings of the clock.
func (s *Store) sweepEvery(ctx context.Context, every time.Duration) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	var readings []time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if readings = append(readings, s.now()); len(readings) < believeAfter {
			continue
		}
		believed := slices.MinFunc(readings, time.Time.Compare)
		readings = readings[1:]
		if _, err := s.sweep(ctx, believed); err != nil && ctx.Err() == nil {
			s.log.Error("sweeping the store failed", "error", err)
		}
	}
}

type swept struct {
	seen, removed int
	damage        error // of unreadable sessions, which stay and are not checked again
}

func (t *transaction) sweep(now time.Time) swept {
	found := swept{seen: t.sweepEntries(now) + t.sweepLocators(now)}
	for _, due := range t.due(now) {
		found.seen++
		t.remove(dueBucket, due)
		key := due[8:]
		k, err := parseSessionKey(key)
		if err != nil {
			found.damage = err
			continue
		}
		value := t.Bucket([]byte(sessionsBucket)).Get(key)
		if value == nil {
			t.remove(idsBucket, indexKey(k))
			continue
		}
		stored, err := decodeSession(k, value)
		switch {
		case err != nil:
			found.damage = err
		case stored.Expired(now):
			found.removed++
			t.removeSession(k)
			t.remove(idsBucket, indexKey(k))
		default:
			t.put(dueBucket, dueKey(stored.ExpiresAt(), key), nil)
		}
	}
	return found
}

// due lists the first entries that are due.
func (t *transaction) due(now time.Time) [][]byte {
	var entries [][]byte
	c := t.Bucket([]byte(dueBucket)).Cursor()
	for entry, _ := c.First(); len(entry) > 8 && len(entries) < sweepBatch; entry, _ = c.Next() {
		if binary.BigEndian.Uint64(entry) > uint64(max(0, now.UnixMilli())) {
			break
		}
		entries = append(entries, bytes.Clone(entry))
	}
	return entries
}
