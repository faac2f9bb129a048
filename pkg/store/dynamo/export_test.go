package dynamo

import "github.com/stencil-auth/refresh-tokens/pkg/session"

// CopyRead is the number of the copy that a user's sessions read.
func CopyRead(user string, copies int) int {
	s := Store{EpochCopies: copies}
	at := keyOf(s.applicationOf(session.Key{Tenant: "t", User: user, Application: "a"}))
	for n := range copies {
		if at == keyOf(copyKey("t", "a", uint64(n))) {
			return n
		}
	}
	return -1
}
