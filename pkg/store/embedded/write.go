package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

var errExists = errors.New("it exists already")

// nothing is the result of a write without one.
type nothing struct{}

// Create implements session.Writer.
func (s *Store) Create(ctx context.Context, added session.Session) error {
	key := sessionKey(added.Key)
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		if err := checkLength(key); err != nil {
			return nothing{}, err
		}
		if t.Bucket([]byte(sessionsBucket)).Get(key) != nil {
			return nothing{}, errExists
		}
		t.putNew(key, added)
		return nothing{}, nil
	})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	return nil
}

// putNew adds a session that the caller knows to be new.
func (t *transaction) putNew(key []byte, added session.Session) {
	t.put(sessionsBucket, key, encodeSession(added))
	t.put(idsBucket, indexKey(added.Key), nil)
	t.put(dueBucket, dueKey(added.ExpiresAt(), key), nil)
}

// Rotate implements session.Writer.
func (s *Store) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	return s.change(ctx, "rotate", r.Key, r)
}

// Update implements session.UpdateWriter.
func (s *Store) Update(ctx context.Context, u session.Update) (session.Session, bool, error) {
	return s.change(ctx, "update", u.Key, u)
}

// changing is a conditional write.
type changing interface {
	Permits(old session.Session) bool
	Apply(old session.Session) session.Session
}

// change makes a conditional write. It returns the session after it, or the one that refused.
func (s *Store) change(ctx context.Context, operation string, key session.Key, by changing,
) (state session.Session, applied bool, err error) {
	type answer struct {
		state   session.Session
		applied bool
	}
	a, err := update(ctx, s, func(t *transaction) (answer, error) {
		old, err := getSession(t.Tx, key)
		if err != nil || !by.Permits(old) {
			return answer{state: old}, err
		}
		changed := by.Apply(old)
		t.put(sessionsBucket, sessionKey(key), encodeSession(changed))
		return answer{changed, true}, nil
	})
	if err != nil {
		return session.Session{}, false, fmt.Errorf("%s: %w", operation, err)
	}
	return a.state, a.applied, nil
}

// Delete implements session.Writer.
func (s *Store) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	type answer struct {
		old     session.Session
		refused bool
	}
	a, err := update(ctx, s, func(t *transaction) (answer, error) {
		old, err := getSession(t.Tx, d.Key)
		if err != nil || !d.Permits(old) {
			return answer{old, true}, err
		}
		t.removeSession(d.Key)
		return answer{old, false}, nil
	})
	switch {
	case err != nil:
		return session.Session{}, fmt.Errorf("delete: %w", err)
	case a.refused:
		return a.old, fmt.Errorf("delete: %w", session.ErrChanged)
	}
	return a.old, nil
}

// DeleteBatch implements session.Writer. It is one transaction for any number of keys.
func (s *Store) DeleteBatch(ctx context.Context, keys []session.Key) error {
	_, err := update(ctx, s, func(t *transaction) (nothing, error) {
		for _, key := range keys {
			t.removeSession(key)
		}
		return nothing{}, nil
	})
	if err != nil {
		return fmt.Errorf("delete batch: %w", err)
	}
	return nil
}

// removeSession changes one tree. The sweeper removes the index entry and the due entry of the session.
func (t *transaction) removeSession(key session.Key) {
	t.removing(key)
	t.remove(sessionsBucket, sessionKey(key))
}
