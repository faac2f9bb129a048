package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Delete ends the live session of an id and returns its last state. Of concurrent calls exactly one returns it.
// Errors: ErrNoSession, for one that the caller may not see too.
func (s *Service) Delete(ctx context.Context, c Caller, id token.ID) (Session, error) {
	key, err := s.Store.Locate(ctx, c.Tenant, id)
	if err != nil {
		return Session{}, fmt.Errorf("locate session: %w", err)
	}
	return s.end(ctx, c, key)
}

// DeleteByToken ends the live session of a refresh token, of whatever generation. Errors: ErrNoSession, for a
// string that is no token of ours or of this caller too; keys.ErrUnavailable.
func (s *Service) DeleteByToken(ctx context.Context, c Caller, text string) (Session, error) {
	t, err := s.Identify(ctx, text)
	if errors.Is(err, ErrForged) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, err
	}
	return s.end(ctx, c, keyOf(t))
}

func (s *Service) end(ctx context.Context, c Caller, key Key) (Session, error) {
	if !c.sees(key) {
		return Session{}, ErrNoSession
	}
	app, err := s.Store.ApplicationOf(ctx, key)
	if err != nil && !errors.Is(err, ErrNoApplication) {
		return Session{}, fmt.Errorf("read application: %w", err)
	}
	gone := err != nil
	old, err := s.Store.Delete(ctx, key)
	if err != nil {
		return Session{}, fmt.Errorf("delete session: %w", err)
	}
	if gone || !old.LiveUnder(app, s.now()) {
		return Session{}, ErrNoSession // it was over already; only its remains are gone now
	}
	return old, nil
}

// DeleteByUser ends all sessions of a user, or those in one application, and returns the ids of the ones that
// were live, newest first. It can be repeated until it succeeds. Errors: ErrNoApplication, when one is named.
func (s *Service) DeleteByUser(ctx context.Context, tenant, user, application string) ([]token.ID, error) {
	epochs := s.epochs(tenant, user)
	if application != "" {
		app, err := s.Store.ApplicationOf(ctx, Key{Tenant: tenant, User: user, Application: application})
		if err != nil {
			return nil, fmt.Errorf("read application: %w", err)
		}
		epochs.known[application] = app
	}
	now := s.now()
	var ended []Session
	q := Query{Tenant: tenant, User: user, Application: application}
	err := s.pages(ctx, q, func(found []Session) (bool, error) {
		if len(found) == 0 {
			return false, nil
		}
		live, err := epochs.live(ctx, found, now)
		if err != nil {
			return false, err
		}
		ended = append(ended, live...)
		remains := make([]Key, len(found))
		for i, session := range found {
			remains[i] = session.Key
		}
		return true, s.Store.DeleteBatch(ctx, remains)
	})
	if err != nil {
		return nil, fmt.Errorf("delete sessions: %w", err)
	}
	slices.SortFunc(ended, newestFirst)
	ids := make([]token.ID, len(ended))
	for i, session := range ended {
		ids[i] = session.ID
	}
	return ids, nil
}

// DeleteByApplication ends all sessions of an application, however many, with one write, and returns the new
// epoch. Errors: ErrNoApplication.
func (s *Service) DeleteByApplication(ctx context.Context, tenant, application string) (uint64, error) {
	epoch, err := s.Store.AdvanceEpoch(ctx, tenant, application)
	if err != nil {
		return 0, fmt.Errorf("advance epoch: %w", err)
	}
	return epoch, nil
}

// DeleteByAnchor is DeleteByApplication where the id of a live session proves that the caller means this
// application. Errors: ErrNoSession, ErrOtherApplication; nothing is deleted then.
func (s *Service) DeleteByAnchor(ctx context.Context, c Caller, anchor token.ID, application string) (uint64, error) {
	session, err := s.Retrieve(ctx, c, anchor)
	if err != nil {
		return 0, err
	}
	if session.Application != application {
		return 0, ErrOtherApplication
	}
	return s.DeleteByApplication(ctx, c.Tenant, application)
}
