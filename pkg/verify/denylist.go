package verify

import (
	"context"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	// LongestLife is the longest that an application may let an access token live.
	LongestLife = 24 * time.Hour
	// Clocks is how far the clocks of two containers of the service may differ: where an event ends all access tokens that
	// were signed before it, those of the next Clocks are refused too. A client refreshes, and its next token is good.
	Clocks = 5 * time.Second

	sweepEvery = time.Minute
)

// Denylist remembers which access tokens are over before they expire. Lifecycle events feed it. An entry goes when every
// token that it refuses would have expired. It is safe for use by several goroutines.
type Denylist struct {
	life time.Duration
	now  func() time.Time

	mu      sync.RWMutex
	entries map[scope]entry
	swept   time.Time
	stats   Stats
}

// scope is what an entry is about: a session, an application, a user, or a user in an application.
type scope struct{ tenant, application, user, session string }

// entry refuses tokens that were signed until a second, until a time.
type entry struct {
	signed int64 // unix seconds
	until  time.Time
}

// Stats says what a denylist holds and how late it is.
type Stats struct {
	Entries int
	// Latest is the time of the latest change that it knows; zero for none. Without changes there are no events: alone it
	// does not tell that a source has stopped.
	Latest time.Time
	// Delay is how long that event took from the change to here.
	Delay time.Duration
}

// NewDenylist makes an empty list. Life is the largest accessTokenSeconds of the applications; 0 for LongestLife. A smaller
// one takes less memory, of which an entry has some 250 bytes. An access token that lives longer is refused, for the list
// may have forgotten it.
func NewDenylist(life time.Duration) *Denylist {
	if life <= 0 {
		life = LongestLife
	}
	return &Denylist{life: life, now: time.Now, entries: map[scope]entry{}}
}

// Follow applies the events of a channel until it is closed, or the context is over, whose error it returns.
func (d *Denylist) Follow(ctx context.Context, events <-chan Event) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, open := <-events:
			if !open {
				return nil
			}
			d.Apply(e)
		}
	}
}

// Apply takes one event. Events may come twice and in any order. Those that end no access token change nothing.
func (d *Denylist) Apply(e Event) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Detail.At.After(d.stats.Latest) {
		d.stats.Latest, d.stats.Delay = e.Detail.At, max(0, now.Sub(e.Detail.At))
	}
	scopes, signed := e.ends()
	until := e.Detail.At.Add(Clocks + d.life + token.Skew)
	for _, s := range scopes {
		if known := d.entries[s]; until.After(now) {
			d.entries[s] = entry{max(signed, known.signed), later(until, known.until)}
		}
	}
	if now.Sub(d.swept) >= sweepEvery {
		maps.DeleteFunc(d.entries, func(_ scope, one entry) bool { return !one.until.After(now) })
		d.swept = now
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Denies reports whether an access token of a session is over, for claims that were verified in another way.
func (d *Denylist) Denies(c Claims) bool { return d.check(c, d.now()) != nil }

// check refuses what is on the list, and what the list may have forgotten. Errors: ErrRevoked, ErrInvalid.
func (d *Denylist) check(c Claims, now time.Time) error {
	if c.ExpiresAt.Sub(c.IssuedAt) > d.life {
		return fmt.Errorf("%w: it lives longer than the %s of the denylist", ErrInvalid, d.life)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, s := range [...]scope{
		{tenant: c.TenantID, session: c.SessionID},
		{tenant: c.TenantID, application: c.ApplicationID},
		{tenant: c.TenantID, user: c.UserID},
		{tenant: c.TenantID, application: c.ApplicationID, user: c.UserID},
		{tenant: c.TenantID},
	} {
		if one, found := d.entries[s]; found && one.until.After(now) && c.IssuedAt.Unix() <= one.signed {
			return ErrRevoked
		}
	}
	return nil
}

// Stats says how long the list is and how late.
func (d *Denylist) Stats() Stats {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := d.stats
	s.Entries = len(d.entries)
	return s
}

// ends says whose access tokens an event ends, and until which second they were signed.
func (e Event) ends() (scopes []scope, signed int64) {
	d := e.Detail
	switch e.Type {
	case "token.deleted", "token.expired", "token.evicted", "token.reuse_detected", "token.denied":
		if d.Extent == extentApplication { // its sessions are told by an epoch, which no access token has
			return []scope{{tenant: d.TenantID, application: d.ApplicationID}}, d.signed()
		}
		return d.sessions(), math.MaxInt64 // of the first 50; each session that is removed has an event of its own
	case "application.deleted":
		return []scope{{tenant: d.TenantID, application: d.ApplicationID}}, d.signed()
	case "token.updated":
		switch {
		case !d.Changed.Supersede:
			return nil, 0
		case d.Count > len(d.TokenIDs): // it names the first 50 alone
			return []scope{{tenant: d.TenantID, application: d.ApplicationID, user: d.UserID}}, d.signed()
		}
		return d.sessions(), d.signed()
	}
	return nil, 0
}
