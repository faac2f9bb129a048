package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// errOvertaken says that the session which was just issued is among those that leave (law 5).
var errOvertaken = fmt.Errorf("%w: logins at the same moment took every place", ErrUnavailable)

// maxRankings is how often one login ranks a user's sessions while refreshes save those that it wants to evict.
const maxRankings = 4

// newestOf is the time of the latest use that a user's sessions in an application show.
func (i Issuer) newestOf(ctx context.Context, key Key) (newest time.Time, err error) {
	err = walk(ctx, i.store, userQuery(key), func(s Session) bool {
		if used := s.LastUsed(); used.After(newest) {
			newest = used
		}
		return true
	})
	return newest, err
}

// limit ends the user's sessions in the application beyond its limit: the least recently used leave, by an order
// that all containers see alike. Errors: errOvertaken, and then the issued session is gone.
func (i Issuer) limit(ctx context.Context, issued Session, app Application) error {
	for range maxRankings {
		surplus, err := i.surplus(ctx, issued, app)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(surplus, func(s Session) bool { return s.ID == issued.ID }) {
			return errOvertaken // the caller deletes it, and leaves the others to their own logins
		}
		saved, err := i.evict(ctx, surplus)
		if err != nil || !saved {
			return err
		}
	}
	return nil // refreshes go on saving them: the next login ranks again
}

// surplus are the live sessions beyond the limit.
func (i Issuer) surplus(ctx context.Context, issued Session, app Application) ([]Session, error) {
	var live []Session
	err := walk(ctx, i.store, userQuery(issued.Key), func(s Session) bool {
		if s.LiveUnder(app, issued.CreatedAt) {
			live = append(live, s)
		}
		return true
	})
	if err != nil || len(live) <= app.Settings.MaxSessionsPerUser {
		return nil, err
	}
	slices.SortFunc(live, latestUsedFirst)
	return live[app.Settings.MaxSessionsPerUser:], nil
}

func latestUsedFirst(a, b Session) int {
	if byTime := b.LastUsed().Compare(a.LastUsed()); byTime != 0 {
		return byTime
	}
	return bytes.Compare(b.ID[:], a.ID[:])
}

// evict ends sessions unless they were refreshed since they were listed, and says whether one was.
func (i Issuer) evict(ctx context.Context, surplus []Session) (saved bool, err error) {
	for _, s := range surplus {
		switch _, err := i.store.Delete(ctx, Deletion{Key: s.Key, IdleExpiresAt: s.IdleExpiresAt}); {
		case errors.Is(err, ErrChanged):
			saved = true
		case err != nil && !errors.Is(err, ErrNoSession):
			return saved, fmt.Errorf("evict session: %w", err)
		}
	}
	return saved, nil
}

func userQuery(key Key) Query {
	return Query{Tenant: key.Tenant, User: key.User, Application: key.Application}
}
