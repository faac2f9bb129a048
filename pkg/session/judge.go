package session

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// longWindow bounds the overlap of a token that is two or more generations behind (law 4). With a longer one two holders
// could both continue.
const longWindow = 60 * time.Second

// presentation is a verified refresh token and the keys that can have derived the generations after it.
type presentation struct {
	token token.Refresh
	own   keys.TokenKey // verified the token and derives its successor
	// later has the keys that can have derived the generations after the next. They are the key of the current token,
	// then the active key and the one before it. It is empty if the key of the current token is unknown.
	later []keys.TokenKey
	// foreign: the token is of another system, and its successor follows from the key that it was issued under.
	foreign bool
}

// verdict is the meaning of a refused rotation.
type verdict struct {
	// current is the token of the answer, if there is neither an error nor another write to make.
	current token.Refresh
	outcome Outcome
	again   bool // the write is due again: the session changed between two writes
	forward bool // the token is newer than the session: the write that rolls forward is due
	err     error
}

// judge decides why the item refused the rotation: cases 2 to 11 of law 4, in their order. It is a pure function of
// values; the caller has compared the epochs.
func judge(s Session, r Rotation, p presentation) verdict {
	behind := int64(s.Generation) - int64(r.From)
	switch {
	case !s.RootHash.Equal(r.Root):
		return verdict{err: ErrWrongRoot}
	case s.Expired(r.Now):
		return verdict{err: ErrExpired}
	case s.RotatedBy == r.RequestID && r.Reusable:
		return verdict{current: p.token, outcome: Extended}
	case s.RotatedBy == r.RequestID && r.Forward:
		return p.repeated(s, behind, RolledForward)
	case s.RotatedBy == r.RequestID:
		return p.repeated(s, behind, Rotated)
	case !r.proves(s):
		return verdict{err: ErrUnbound}
	case behind == 0 && s.SecretHash.Equal(r.Presented):
		return verdict{again: true}
	case behind < 0 && !r.Reusable:
		return verdict{forward: true}
	case withinWindow(s, r, behind):
		return p.repeated(s, behind, Retried)
	default:
		return verdict{err: ErrReused}
	}
}

// withinWindow reports whether a token so many generations behind is answered with the current one. Its window begins at
// its own rotation; the use of its successor does not close it.
func withinWindow(s Session, r Rotation, behind int64) bool {
	if behind < 0 || behind > RotationTimes {
		return false
	}
	overlap := s.Policy.Overlap
	if behind > 1 {
		overlap = min(overlap, longWindow)
	}
	if behind == 1 && !s.JKT.IsZero() {
		return true // the proof by its key shows that the holder repeats
	}
	return behind == 0 || r.Now.Sub(s.Rotated[r.From%RotationTimes]) <= overlap
}

// repeated answers with the current token if the chain of derivations from the presented token leads to it.
func (p presentation) repeated(s Session, behind int64, outcome Outcome) verdict {
	if len(p.later) == 0 || behind == 0 {
		return verdict{err: ErrDroppedKey}
	}
	// The key of the presented token derives its successor. Another one did where a restored table made the service issue
	// the same token anew, under the key that was active then.
	for i, own := range append([]keys.TokenKey{p.own}, p.later...) {
		if i > 0 && own.ID == p.own.ID {
			continue // tried first
		}
		first := p.token
		first.KeyID = own.ID
		if current, ok := p.descend(first, own, int(behind), s.SecretHash); ok {
			current.KeyID = s.TokenKeyID
			return verdict{current: current, outcome: outcome}
		}
	}
	return verdict{err: ErrDroppedKey}
}

// descend derives the token that is so many generations after t, and reports whether its secret has the stored hash. A
// successor follows from the key of its predecessor, and the session stores only the key of its current token. descend
// tries the later keys for the others, in at most 3^5 derivations for each first key.
func (p presentation) descend(t token.Refresh, own keys.TokenKey, steps int, stored token.Hash) (token.Refresh, bool) {
	for _, issuing := range p.later {
		if p.foreign && t.Generation == 0 {
			t.KeyID, own = issuing.ID, issuing
		}
		next, _, err := t.Successor(own, issuing)
		if err != nil {
			return next, false
		}
		if steps == 1 {
			return next, next.Secret.Hash().Equal(stored)
		}
		if last, ok := p.descend(next, issuing, steps-1, stored); ok {
			return last, true
		}
	}
	return t, false
}
