package session

import (
	"encoding/json"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// RotationTimes is the number of rotation times that a session stores, the latest ones. The rotation of generation g is
// in slot g modulo RotationTimes.
const RotationTimes = 6

// lastSecond is the least time before the absolute expiry at which a session still refreshes. Every access token in an
// answer is then valid for a whole second.
const lastSecond = time.Second

// Rotation is the one conditional write of a refresh (law 4). Permits and Apply define it. A store that runs it
// elsewhere, as DynamoDB does, must have the same condition and effect.
type Rotation struct {
	Key

	Presented token.Hash     // of the presented token's whole secret
	Root      token.RootHash // of its root
	From      uint32         // its generation
	Reusable  bool           // as that token says; a reusable session keeps its secret
	// Forward replaces the condition on the secret: the token is newer than the item, and its root fits.
	Forward bool
	// JKT is the key of the proof beside the token; zero without one. It binds a session that is not bound.
	JKT dpop.Thumbprint
	// Supersede raises the session version, which ends the earlier access tokens.
	Supersede bool

	Next          token.Hash
	NextKeyID     keys.TokenKeyID
	AccessTokenID token.ID
	RequestID     token.ID // random: identifies an earlier attempt of this request
	Seen          Seen
	Now           time.Time

	// HookClaims replace those of the session; nil keeps them.
	HookClaims json.RawMessage
}

// Fits reports whether the new claims of the hook have room beside those of the session.
func (r Rotation) Fits(s Session) bool {
	return r.HookClaims == nil || len(s.Claims)+len(r.HookClaims) <= MaxClaims
}

// Permits is the condition of the write.
func (r Rotation) Permits(s Session) bool {
	may := s.IdleExpiresAt.After(r.Now) && !s.AbsoluteExpiresAt.Before(r.Now.Add(lastSecond)) && r.Fits(s) && r.proves(s)
	if r.Forward {
		return may && s.RootHash.Equal(r.Root) && s.Generation < r.From
	}
	return may && s.SecretHash.Equal(r.Presented)
}

// proves reports whether the session is not bound, or bound to the key of the proof.
func (r Rotation) proves(s Session) bool { return s.JKT.IsZero() || s.JKT == r.JKT }

// Apply is the effect of the write.
func (r Rotation) Apply(s Session) Session {
	s.RotatedBy = r.RequestID
	s.AccessTokenID = r.AccessTokenID
	s.LastSeen = r.Seen
	s.IdleExpiresAt = r.Now.Add(s.Policy.Idle)
	s.Rotated[r.From%RotationTimes] = r.Now
	if r.HookClaims != nil {
		s.HookClaims = r.HookClaims
	}
	if !r.JKT.IsZero() {
		s.JKT = r.JKT
	}
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
