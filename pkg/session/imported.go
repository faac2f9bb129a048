package session

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Locator finds the session of a refresh token of another system, and says what a token of its own would say. It
// outlives the session, so that a repeated import never brings back what was ended.
type Locator struct {
	Hash token.Hash // token.Foreign.Locator
	Key
	Reusable    bool
	NeedsAccess bool
	DPoP        token.DPoP
	ExpiresAt   time.Time // when the store may remove it: the absolute end of the session
}

// Imports keeps the sessions of another system.
type Imports interface {
	// Import adds a session and its locator in one atomic step if neither exists. Errors: ErrImported, with the locator
	// that exists.
	Import(ctx context.Context, s Session, l Locator) (Locator, error)
	ImportReader
}

// ImportReader finds imported sessions.
type ImportReader interface {
	// Imported reads a locator, strongly consistent. Errors: ErrNoSession.
	Imported(ctx context.Context, hash token.Hash) (Locator, error)
}

// Accepted are the refresh tokens of another system that a deployment accepts. The zero value accepts none.
type Accepted struct {
	Store ImportReader
	// Pattern is what a token must match to cost a read; nil for any.
	Pattern *regexp.Regexp
}

// locate finds the session of a refresh token of another system. Errors: ErrMalformed for any other string,
// ErrUnavailable.
func (a Accepted) locate(ctx context.Context, text string) (token.Refresh, error) {
	if a.Store == nil || !token.IsForeign(text) || len(text) > token.MaxForeignLength ||
		a.Pattern != nil && !a.Pattern.MatchString(text) {
		return token.Refresh{}, ErrMalformed
	}
	foreign := token.ForeignOf(text)
	l, err := a.Store.Imported(ctx, foreign.Locator())
	if errors.Is(err, ErrNoSession) {
		return token.Refresh{}, ErrMalformed
	}
	return token.Refresh{
		Reusable: l.Reusable, NeedsAccess: l.NeedsAccess, DPoP: l.DPoP,
		Tenant: l.Tenant, User: l.User, Application: l.Application, Session: l.ID, Secret: foreign.Secret(),
	}, err
}

// Accepting also exchanges the refresh tokens of another system.
func (f Refresher) Accepting(a Accepted) Refresher {
	f.accepted = a
	return f
}

// Accepting also ends the sessions of another system's tokens.
func (d TokenDeleter) Accepting(a Accepted) TokenDeleter {
	d.identifier.accepted = a
	return d
}

// Accepting also ends the sessions of another system's tokens.
func (r Revoker) Accepting(a Accepted) Revoker {
	r.identifier.accepted = a
	return r
}
