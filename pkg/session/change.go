package session

import "time"

// ChangeKind is what became of a session's item.
type ChangeKind string

// The kinds of changes of a session's item. An issue, an update and each ending also leave an entry in the history.
const (
	ItemRefreshed ChangeKind = "refreshed"
	ItemExpired   ChangeKind = "expired" // removed after its expiry
	ItemDeleted   ChangeKind = "deleted"
)

// Change is a change of a store as it is published: an entry of the history, or what became of the item of one session.
// Those of an item have ids and counters only.
type Change struct {
	ID    string // the same whenever the change is published again
	At    time.Time
	Entry *Entry // nil for a change of an item

	Kind ChangeKind
	Key
	Generation uint32 // of the session's current token
}
