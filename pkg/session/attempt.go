package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// maxWrites is the most writes that one request tries while the session changes between them (law 4).
const maxWrites = 4

// attempt is the rotation of one request.
type attempt struct {
	Refresher

	rotation  Rotation
	presented token.Refresh
	own       keys.TokenKey
	successor token.Refresh
	keys      *keys.TokenSet
	hook      *hooked
	foreign   bool // presented is of another system
}

// rotate writes, reads the application and judges. It returns the token of the answer and its session.
func (a attempt) rotate(ctx context.Context) (token.Refresh, Session, Outcome, error) {
	for range maxWrites {
		session, app, applied, err := a.write(ctx)
		session.Audience = app.Audience()
		switch {
		case err != nil:
			return a.presented, session, "", err
		case session.Epoch != app.Epoch:
			return a.presented, session, "", ErrUnknown // deleted with its application, even if the write was applied
		}
		session = session.Under(app)
		switch {
		case applied && session.Expired(a.rotation.Now):
			return a.presented, session, "", ErrExpired // by an end that the application alone knows
		case applied:
			current, outcome := a.succeeded()
			a.record(ctx, session, outcome)
			return current, session, outcome, nil
		}
		v, err := a.judge(ctx, session)
		switch {
		case err != nil:
			return a.presented, session, "", err
		case errors.Is(v.err, ErrReused):
			return a.presented, session, "", a.end(ctx)
		case v.again, v.forward:
			if !a.rotation.Fits(session) {
				if err := a.hook.fail(errHookRoom); err != nil {
					return a.presented, session, "", err
				}
				a.rotation.HookClaims = nil
			}
			a.rotation.Forward = v.forward
			continue
		case v.outcome == Retried && a.rotation.Seen.Elsewhere(session.LastSeen):
			v.outcome = RetriedElsewhere
		}
		a.record(ctx, session, v.outcome)
		return v.current, session, v.outcome, v.err
	}
	return a.presented, Session{}, "", fmt.Errorf("%w: the session changed between %d writes", ErrUnavailable, maxWrites)
}

// succeeded is the token after the applied write.
func (a attempt) succeeded() (token.Refresh, Outcome) {
	switch {
	case a.rotation.Reusable:
		return a.presented, Extended
	case a.rotation.Forward:
		return a.successor, RolledForward
	}
	return a.successor, Rotated
}

// judge judges with the keys that can have derived the tokens after the presented one. If these do not lead to the
// stored token, it fetches the keys and judges once more. A container with a newer document may have made a token in
// between, with a key that is not active here yet. Only a genuine token gets here.
func (a attempt) judge(ctx context.Context, session Session) (verdict, error) {
	p := presentation{token: a.presented, own: a.own, foreign: a.foreign}
	key, err := keys.FindTokenKey(ctx, a.minter.tokenKeys, session.TokenKeyID)
	if errors.Is(err, keys.ErrNoKey) {
		return judge(session, a.rotation, p), nil
	}
	if err != nil {
		return verdict{}, err
	}
	p.later = later(key, a.keys)
	v := judge(session, a.rotation, p)
	if !errors.Is(v.err, ErrDroppedKey) || session.Generation <= a.rotation.From {
		return v, nil
	}
	latest, err := a.minter.tokenKeys.Renew(ctx)
	if err != nil {
		return verdict{}, err
	}
	p.later = later(key, latest)
	return judge(session, a.rotation, p), nil
}

// later lists the keys that law 4 tries: that of the current token, the active one and the one before it.
func later(current keys.TokenKey, set *keys.TokenSet) []keys.TokenKey {
	all := []keys.TokenKey{current}
	for _, other := range set.Latest() {
		if other.ID != current.ID {
			all = append(all, other)
		}
	}
	return all
}
