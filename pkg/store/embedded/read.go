package embedded

import (
	"bytes"
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// pageSize is the number of sessions on a page of a query without a limit.
const pageSize = 256

// Load implements session.Reader.
func (s *Store) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	var app session.Application
	loaded, err := view(ctx, s, func(tx *bbolt.Tx) (loaded session.Session, err error) {
		if loaded, err = getSession(tx, key); err == nil {
			app, err = getApplication(tx, key.Tenant, key.Application)
		}
		return loaded, err
	})
	if err != nil {
		return session.Session{}, session.Application{}, fmt.Errorf("load: %w", err)
	}
	return loaded, app, nil
}

func getSession(tx *bbolt.Tx, key session.Key) (session.Session, error) {
	value := tx.Bucket([]byte(sessionsBucket)).Get(sessionKey(key))
	if value == nil {
		return session.Session{}, session.ErrNoSession
	}
	return decodeSession(key, value)
}

// Locate implements session.Reader. Its index never lags.
func (s *Store) Locate(ctx context.Context, tenant string, id token.ID) (session.Key, error) {
	key, err := view(ctx, s, func(tx *bbolt.Tx) (session.Key, error) {
		prefix := indexPrefix(tenant, id)
		entry, _ := tx.Bucket([]byte(idsBucket)).Cursor().Seek(prefix)
		rest, found := bytes.CutPrefix(entry, prefix)
		if !found {
			return session.Key{}, session.ErrNoSession
		}
		key, err := parseIndexKey(tenant, id, rest)
		if err == nil && tx.Bucket([]byte(sessionsBucket)).Get(sessionKey(key)) == nil {
			err = session.ErrNoSession // the sweeper removes the entry
		}
		return key, err
	})
	if err != nil {
		return session.Key{}, fmt.Errorf("locate: %w", err)
	}
	return key, nil
}

// Query implements session.Reader. A page without a limit has up to 256 sessions.
func (s *Store) Query(ctx context.Context, q session.Query) (page []session.Session, more bool, err error) {
	prefix := keyOfParts(q.Tenant, q.User)
	if q.Application != "" {
		prefix = appendPart(prefix, q.Application)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = pageSize
	}
	page, err = view(ctx, s, func(tx *bbolt.Tx) ([]session.Session, error) {
		var page []session.Session
		c := tx.Bucket([]byte(sessionsBucket)).Cursor()
		key, value := seekBelow(c, start(q, prefix))
		for ; bytes.HasPrefix(key, prefix); key, value = c.Prev() {
			if more = len(page) == limit; more {
				break
			}
			k, err := parseSessionKey(key)
			if err != nil {
				return nil, err
			}
			found, err := decodeSession(k, value)
			if err != nil {
				return nil, err
			}
			page = append(page, found)
		}
		return page, nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("query: %w", err)
	}
	return page, more, nil
}

// start is the exclusive upper limit of the page.
func start(q session.Query, prefix []byte) []byte {
	end := bytes.Clone(prefix)
	end[len(end)-1]++
	if q.After != nil {
		if after := sessionKey(*q.After); bytes.Compare(after, end) < 0 {
			return after
		}
	}
	return end
}

// seekBelow moves to the greatest key that is less than limit.
func seekBelow(c *bbolt.Cursor, limit []byte) (key, value []byte) {
	if at, _ := c.Seek(limit); at == nil {
		return c.Last()
	}
	return c.Prev()
}
