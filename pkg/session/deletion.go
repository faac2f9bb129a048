package session

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Deletion is the removal of one session on conditions, of which the zero ones always hold. Permits defines it, as
// Rotation.Permits defines a rotation.
type Deletion struct {
	Key

	Root          token.RootHash // the session's, when set
	IdleExpiresAt time.Time      // the session's, when set: it was not refreshed since it was read
}

// Permits is the deletion's condition.
func (d Deletion) Permits(s Session) bool {
	return (d.Root == token.RootHash{} || s.RootHash.Equal(d.Root)) &&
		(d.IdleExpiresAt.IsZero() || s.IdleExpiresAt.Equal(d.IdleExpiresAt))
}
