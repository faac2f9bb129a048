package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// errOvertaken is the error of an issue whose own session is among those to evict (law 5).
var errOvertaken = fmt.Errorf("%w: concurrent logins used up the session limit", ErrUnavailable)

// maxRankings is how often one issue ranks the sessions while refreshes save those that it would evict.
const maxRankings = 4

// newestOf returns the time of the latest use of a user's sessions in an application.
func (i Issuer) newestOf(ctx context.Context, key Key) (newest time.Time, err error) {
	err = walk(ctx, i.store, userQuery(key), func(s Session) bool {
		if used := s.LastUsed(); used.After(newest) {
			newest = used
		}
		return true
	})
	return newest, err
}

// limit ends the user's sessions beyond the limit of the application, the least recently used first. The order is the
// same in all containers. Errors: errOvertaken.
func (i Issuer) limit(ctx context.Context, issued Session, app Application) error {
	for range maxRankings {
		surplus, err := i.surplus(ctx, issued, app)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(surplus, func(s Session) bool { return s.ID == issued.ID }) {
			return errOvertaken // the caller deletes it; the other issues evict the rest
		}
		saved, err := i.evict(ctx, surplus)
		if err != nil || !saved {
			return err
		}
	}
	return nil // refreshes keep saving them; the next issue ranks again
}

// surplus returns the live sessions beyond the limit.
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

// evict ends those sessions that were not refreshed after the listing. It reports whether one was refreshed.
func (i Issuer) evict(ctx context.Context, surplus []Session) (saved bool, err error) {
	var left []token.ID
	for _, s := range surplus {
		_, err = i.store.Delete(ctx, Deletion{Key: s.Key, IdleExpiresAt: s.IdleExpiresAt})
		switch {
		case err == nil, errors.Is(err, ErrPerhapsDeleted):
			left = append(left, s.ID)
		case errors.Is(err, ErrChanged):
			saved = true
		}
		if err != nil && !errors.Is(err, ErrChanged) && !errors.Is(err, ErrNoSession) {
			err = fmt.Errorf("evict session: %w", err)
			break
		}
		err = nil
	}
	if len(left) > 0 {
		e := entryOf(surplus[0].Key, EventEvicted)
		e.Sessions, e.By, e.Reason = left, ByService, ReasonLimit
		Record(ctx, i.store, i.minter.clock.now(), e)
	}
	return saved, err
}

func userQuery(key Key) Query {
	return Query{Tenant: key.Tenant, User: key.User, Application: key.Application}
}
