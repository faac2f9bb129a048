package embedded

import (
	"crypto/rand"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// changed collects the changes of a transaction, for Options.Changed.
type changed struct {
	now time.Time
	all []session.Change
}

// recorded notes a new entry of the history.
func (c *changed) recorded(e session.Entry) {
	if c != nil {
		c.all = append(c.all, session.Change{ID: e.ID.String(), At: e.ID.Time(), Entry: &e})
	}
}

// removing notes the removal of a session, unless it does not exist or cannot be read.
func (t *transaction) removing(key session.Key) {
	if t.changes == nil {
		return
	}
	old, err := getSession(t.Tx, key)
	if err != nil {
		return
	}
	id, _ := token.NewID(t.changes.now, rand.Reader) // it never fails
	change := session.Change{
		ID: id.String(), At: t.changes.now, Kind: session.ItemDeleted, Key: key, Generation: old.Generation,
	}
	if old.Expired(t.changes.now) {
		change.Kind = session.ItemExpired
	}
	t.changes.all = append(t.changes.all, change)
}
