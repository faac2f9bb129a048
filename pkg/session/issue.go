package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// IssueRequest asks for a new session. The edge has checked the form of every field.
type IssueRequest struct {
	Tenant      string
	User        string
	Application string
	Scope       string
	Device      *Device
	Claims      json.RawMessage
}

// IssueStore is what Issuer needs of Store.
type IssueStore interface {
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	Create(ctx context.Context, s Session) error
	Query(ctx context.Context, q Query) (sessions []Session, more bool, err error)
	DeleteBatch(ctx context.Context, keys []Key) error
}

// Issuer starts sessions.
type Issuer struct {
	store  IssueStore
	minter Minter
}

// NewIssuer starts sessions in a store.
func NewIssuer(store IssueStore, minter Minter) Issuer { return Issuer{store, minter} }

// Issue starts a session: one read of the application, one write and, where the application limits the sessions
// per user, one query and the deletion of those beyond the limit, oldest first. Errors: InputError (ids too long
// for a token), ErrNoApplication, ErrUnavailable, keys.ErrUnavailable.
func (i Issuer) Issue(ctx context.Context, req IssueRequest) (Grant, error) {
	if room := token.Room(req.Tenant, req.User, req.Application); room < 0 {
		return Grant{}, tooLong(token.Room(req.Tenant, "", req.Application))
	}
	tokenKeys, err := i.minter.tokenKeys.Get(ctx)
	if err != nil {
		return Grant{}, err
	}
	signing, err := i.minter.signing.Get(ctx)
	if err != nil {
		return Grant{}, err
	}
	app, err := i.store.ApplicationOf(ctx, Key{Tenant: req.Tenant, User: req.User, Application: req.Application})
	if err != nil {
		return Grant{}, fmt.Errorf("read application: %w", err)
	}
	session, t, err := i.minter.newSession(req, app)
	if err != nil {
		return Grant{}, err
	}
	t.KeyID, session.TokenKeyID = tokenKeys.Active.ID, tokenKeys.Active.ID
	if err := i.store.Create(ctx, session); err != nil {
		return Grant{}, fmt.Errorf("create session: %w", err)
	}
	if err := i.trim(ctx, session, app); err != nil {
		// Nobody will hold its token. Where even this fails, the next issue or its expiry takes it away.
		_ = i.store.DeleteBatch(ctx, []Key{session.Key})
		return Grant{}, fmt.Errorf("limit sessions: %w", err)
	}
	return i.minter.grant(session, t, tokenKeys.Active, signing.Active, Issued)
}

func tooLong(left int) *InputError {
	return &InputError{Fields: []FieldError{{
		Field: "userId", Code: "tooLong",
		Message: fmt.Sprintf("The tenant, user and application ids must fit into a refresh token of %d characters together: "+
			"%d bytes are left for userId (a lower-case UUID counts 16).", token.MaxTextLength, max(0, left)),
	}}}
}

func (m Minter) newSession(req IssueRequest, app Application) (Session, token.Refresh, error) {
	// The id takes the clock in full, so that ids made within one millisecond still sort by creation.
	created := m.clock().UTC()
	id, err1 := token.NewID(created, m.random)
	accessID, err2 := token.NewID(created, m.random)
	var secret token.Secret
	_, err3 := io.ReadFull(m.random, secret[:])
	if err := errors.Join(err1, err2, err3); err != nil {
		return Session{}, token.Refresh{}, fmt.Errorf("draw randomness: %w", err)
	}
	policy := app.Settings.policy()
	key := Key{Tenant: req.Tenant, User: req.User, Application: req.Application, ID: id}
	created = id.Time()
	session := Session{
		Key: key, SecretHash: secret.Hash(), AccessTokenID: accessID,
		CreatedAt: created, IdleExpiresAt: created.Add(policy.Idle),
		AbsoluteExpiresAt: created.Add(seconds(app.Settings.RefreshAbsoluteSeconds)),
		Epoch:             app.Epoch, Policy: policy, Scope: req.Scope, Device: req.Device, Claims: req.Claims,
	}
	t := token.Refresh{
		Reusable: policy.Reusable, Tenant: key.Tenant, User: key.User, Application: key.Application,
		Session: id, Secret: secret,
	}
	return session, t, nil
}

// trim deletes the oldest sessions of the user in the application beyond its limit. It runs after the new
// session is there, so that however many are issued at once the newest ones stay, and no more than allowed: one
// that others have overtaken meanwhile, or one from a clock behind theirs, may be among those that leave.
func (i Issuer) trim(ctx context.Context, issued Session, app Application) error {
	limit := app.Settings.MaxSessionsPerUser
	if limit == 0 {
		return nil
	}
	live := 0
	var surplus []Key
	q := Query{Tenant: issued.Tenant, User: issued.User, Application: issued.Application}
	err := walk(ctx, i.store, q, func(old Session) bool {
		switch {
		case old.Epoch > app.Epoch:
			// Issued after a deletion of all that this request has not seen: not ours to count or to delete.
		case live == limit:
			surplus = append(surplus, old.Key)
		case old.LiveUnder(app, issued.CreatedAt):
			live++
		}
		return true
	})
	if err != nil || len(surplus) == 0 {
		return err
	}
	return i.store.DeleteBatch(ctx, surplus)
}
