package session

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RotationTimes is how many rotation times a session remembers, one for each of its last rotations. The time of
// the rotation of generation g is in slot g modulo RotationTimes.
const RotationTimes = 6

// lastSecond is the least that has to be left of the absolute life: every answer holds an access token with a
// whole second to live.
const lastSecond = time.Second

// Rotation is the one conditional write of a refresh (law 4). Permits and Apply define it; a store that runs it
// elsewhere, as DynamoDB does, must be indistinguishable from them.
type Rotation struct {
	Key

	Presented token.Hash     // of the presented token's whole secret
	Root      token.RootHash // of its root
	From      uint32         // its generation
	Reusable  bool           // as that token says; a reusable session keeps its secret
	// Forward replaces the condition on the secret: the token is newer than the item, and its root fits.
	Forward bool
	// Supersede raises the session version, which ends the access tokens handed out before.
	Supersede bool

	Next          token.Hash
	NextKeyID     keys.TokenKeyID
	AccessTokenID token.ID
	RequestID     token.ID // random, tells our own earlier attempt from another request
	Seen          Seen
	Now           time.Time
}

// Permits is the write's condition.
func (r Rotation) Permits(s Session) bool {
	alive := s.IdleExpiresAt.After(r.Now) && !s.AbsoluteExpiresAt.Before(r.Now.Add(lastSecond))
	if r.Forward {
		return alive && s.RootHash.Equal(r.Root) && s.Generation < r.From
	}
	return alive && s.SecretHash.Equal(r.Presented)
}

// Apply is the write's effect.
func (r Rotation) Apply(s Session) Session {
	s.RotatedBy = r.RequestID
	s.AccessTokenID = r.AccessTokenID
	s.LastSeen = r.Seen
	s.IdleExpiresAt = r.Now.Add(s.Policy.Idle)
	s.Rotated[r.From%RotationTimes] = r.Now
	if r.Supersede {
		s.SessionVersion++
	}
	if r.Forward {
		for slot := range s.Rotated {
			s.Rotated[slot] = r.Now
		}
	}
	if !r.Reusable {
		s.SecretHash = r.Next
		s.TokenKeyID = r.NextKeyID
		s.Generation = r.From + 1
	}
	return s
}
