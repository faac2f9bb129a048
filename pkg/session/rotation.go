package session

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Rotation is the one conditional write of a refresh. Permits and Apply define it; a store that runs it
// elsewhere, as DynamoDB does, must be indistinguishable from them.
type Rotation struct {
	Key

	Presented token.Hash // of the token that was presented
	Reusable  bool       // as that token says; a reusable session keeps its secret
	HasAccess bool       // an access token came with it

	Next          token.Hash
	NextKeyID     keys.TokenKeyID
	Generation    uint32 // of the successor
	AccessTokenID token.ID
	RequestID     token.ID // random, tells our own earlier attempt from another request
	Now           time.Time
}

// Permits is the write's condition.
func (r Rotation) Permits(s Session) bool {
	return s.SecretHash.Equal(r.Presented) &&
		s.IdleExpiresAt.After(r.Now) && s.AbsoluteExpiresAt.After(r.Now) &&
		(r.HasAccess || !s.Policy.RequireAccessToken)
}

// Apply is the write's effect.
func (r Rotation) Apply(s Session) Session {
	s.RotatedAt = r.Now
	s.RotatedBy = r.RequestID
	s.AccessTokenID = r.AccessTokenID
	s.IdleExpiresAt = r.Now.Add(s.Policy.Idle)
	if !r.Reusable {
		s.SecretHash = r.Next
		s.TokenKeyID = r.NextKeyID
		s.Generation = r.Generation
	}
	return s
}
