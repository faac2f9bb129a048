package session

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Deletion is the removal of one session on conditions; a zero condition always holds. Permits defines them, as
// Rotation.Permits does for a rotation.
type Deletion struct {
	Key

	Root          token.RootHash // if set, must be the session's
	IdleExpiresAt time.Time      // if set, must be the session's: it was not refreshed since it was read
}

// Permits is the condition of the deletion.
func (d Deletion) Permits(s Session) bool {
	return (d.Root == token.RootHash{} || s.RootHash.Equal(d.Root)) &&
		(d.IdleExpiresAt.IsZero() || s.IdleExpiresAt.Equal(d.IdleExpiresAt))
}
