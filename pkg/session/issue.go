package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
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
	// JKT binds the session to a key from the start; zero for none.
	JKT dpop.Thumbprint
	// Idle and Absolute are the lives of the session, at most those of its application; zero for these.
	Idle, Absolute time.Duration
}

// IssueStore is what Issuer needs of Store. Create must be sent once: a repetition could arrive after the deletion of
// the session.
type IssueStore interface {
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	Create(ctx context.Context, s Session) error
	Query(ctx context.Context, q Query) (sessions []Session, more bool, err error)
	Delete(ctx context.Context, d Deletion) (Session, error)
	Recorder
}

// Issuer starts sessions.
type Issuer struct {
	store  IssueStore
	minter Minter
	hook   Hook
}

// NewIssuer starts sessions in a store.
func NewIssuer(store IssueStore, minter Minter) Issuer { return Issuer{store: store, minter: minter} }

// WithHook asks the claims hook before each session.
func (i Issuer) WithHook(hook Hook) Issuer {
	i.hook = hook
	return i
}

// maxIssues is how often one request draws a new session, after a lost reply or an eviction of its session (law 5).
const maxIssues = 4

// abandonFor bounds the deletion of a session whose token is not issued.
const abandonFor = time.Second

// Issue starts a session: one read of the application, one write and, where the application limits the sessions
// per user, two queries and the eviction of those beyond the limit. Errors: InputError (ids too long for a token, a key
// where the application binds none), ErrNoApplication, ErrIssueDenied, ErrUnavailable, keys.ErrUnavailable.
func (i Issuer) Issue(ctx context.Context, req IssueRequest) (Grant, error) {
	if room := token.Room(req.Tenant, req.User, req.Application); room < 0 {
		return Grant{}, tooLong(token.Room(req.Tenant, "", req.Application))
	}
	tokenKeys, signing, err := i.minter.keySets(ctx)
	if err != nil {
		return Grant{}, err
	}
	hook := hooked{Hook: i.hook}
	for again := range maxIssues {
		if again > 0 {
			i.minter.wait(ctx, time.Duration(again)*readAgainAfter)
		}
		var session Session
		var t token.Refresh
		var app Application
		if session, t, app, err = i.draw(ctx, req, tokenKeys.Active); err != nil {
			break // the store has repeated its reads, and the request has a deadline
		}
		if session.HookClaims, err = i.ask(ctx, &hook, session); err != nil {
			break
		}
		if err = i.create(ctx, session, app); err == nil {
			Record(ctx, i.store, session.CreatedAt, entryOf(session.Key, EventIssued))
			grant, err := i.minter.grant(session, t, signedWith{token: tokenKeys.Active, access: signing.Active}, Issued)
			grant.Hook, grant.HookFailure = hook.said, hook.failure
			return grant, err
		}
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			break
		}
	}
	return Grant{}, err
}

// draw makes a session with a new id, later than the user's newest one where the application limits the sessions.
func (i Issuer) draw(ctx context.Context, req IssueRequest, key keys.TokenKey) (Session, token.Refresh, Application, error) {
	owner := Key{Tenant: req.Tenant, User: req.User, Application: req.Application}
	app, err := i.store.ApplicationOf(ctx, owner)
	if err != nil {
		return Session{}, token.Refresh{}, app, fmt.Errorf("read application: %w", err)
	}
	if !req.JKT.IsZero() && app.Settings.DPoP.flag() == token.DPoPOff {
		return Session{}, token.Refresh{}, app, &InputError{Fields: []FieldError{{
			Field: "dpopJkt", Code: "invalid",
			Message: "dpopJkt needs the application's setting dpop to be allowed or required; it is off.",
		}}}
	}
	if err := req.within(app.Settings); err != nil {
		return Session{}, token.Refresh{}, app, err
	}
	created := i.minter.clock().UTC()
	if app.Settings.MaxSessionsPerUser > 0 {
		newest, err := i.newestOf(ctx, owner)
		if err != nil {
			return Session{}, token.Refresh{}, app, err
		}
		if next := newest.Add(time.Millisecond); !newest.IsZero() && next.After(created) {
			created = next
		}
	}
	session, t, err := i.minter.newSession(req, app, created)
	t.KeyID, session.TokenKeyID = key.ID, key.ID
	return session, t, app, err
}

// create writes a session. If that fails, it deletes the session, best effort: its token is not issued.
func (i Issuer) create(ctx context.Context, session Session, app Application) error {
	err := i.store.Create(ctx, session)
	if err != nil {
		err = fmt.Errorf("create session: %w", err)
	} else if app.Settings.MaxSessionsPerUser > 0 {
		err = i.limit(ctx, session, app)
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonFor)
		defer cancel()
		_, _ = i.store.Delete(ctx, Deletion{Key: session.Key})
	}
	return err
}

// within refuses lives longer than the application's. Errors: InputError.
func (req IssueRequest) within(s Settings) error {
	var bad []FieldError
	for _, life := range []struct {
		field  string
		asked  time.Duration
		atMost int64
	}{{"refreshIdleSeconds", req.Idle, s.RefreshIdleSeconds}, {"refreshAbsoluteSeconds", req.Absolute, s.RefreshAbsoluteSeconds}} {
		if life.asked > seconds(life.atMost) {
			bad = append(bad, FieldError{Field: life.field, Code: "outOfRange", Message: fmt.Sprintf(
				"%s may be at most the application's, %d.", life.field, life.atMost)})
		}
	}
	if len(bad) > 0 {
		return &InputError{Fields: bad}
	}
	return nil
}

func tooLong(left int) *InputError {
	return &InputError{Fields: []FieldError{{
		Field: "userId", Code: "tooLong",
		Message: fmt.Sprintf("The tenant, user and application ids must fit into a refresh token of %d characters together: "+
			"%d bytes are left for userId (a lower-case UUID counts 16).", token.MaxTextLength, max(0, left)),
	}}}
}

// newSession draws a session that starts at created. The id has the clock in full, so that ids of one millisecond sort by
// creation too.
func (m Minter) newSession(req IssueRequest, app Application, created time.Time) (Session, token.Refresh, error) {
	id, err1 := token.NewID(created, m.random)
	accessID, err2 := token.NewID(created, m.random)
	var secret token.Secret
	_, err3 := io.ReadFull(m.random, secret[:])
	if err := errors.Join(err1, err2, err3); err != nil {
		return Session{}, token.Refresh{}, fmt.Errorf("draw randomness: %w", err)
	}
	policy := app.Settings.policy()
	policy.Idle = cmp.Or(req.Idle, policy.Idle)
	absolute := cmp.Or(req.Absolute, seconds(app.Settings.RefreshAbsoluteSeconds))
	key := Key{Tenant: req.Tenant, User: req.User, Application: req.Application, ID: id}
	created = id.Time()
	session := Session{
		Key: key, SecretHash: secret.Hash(), RootHash: secret.RootHash(id), AccessTokenID: accessID,
		CreatedAt: created, IdleExpiresAt: created.Add(policy.Idle),
		AbsoluteExpiresAt: created.Add(absolute),
		Epoch:             app.Epoch, Policy: policy, Scope: req.Scope, Device: req.Device, Claims: req.Claims,
		Audience: app.Audience(), JKT: req.JKT,
	}
	t := token.Refresh{
		Reusable: policy.Reusable, NeedsAccess: app.Settings.RequireAccessTokenPresent, DPoP: app.Settings.DPoP.flag(),
		Tenant: key.Tenant, User: key.User, Application: key.Application, Session: id, Secret: secret,
	}
	return session, t, nil
}
