package session

import (
	"encoding/json"
	"time"
)

// Update is the one conditional write of an update. Permits and Apply define it, as those of Rotation do. It writes no
// field that a rotation writes, but for the session version, which both raise: neither loses the other.
type Update struct {
	Key

	// From is the counter of updates that the session must have: no other update came between read and write.
	From uint32
	// Supersede raises the session version, which ends the access tokens handed out before.
	Supersede bool
	Now       time.Time

	// The new values, changed or not.
	AbsoluteExpiresAt time.Time
	Scope             string
	Device            *Device
	Claims            json.RawMessage
}

// Permits is the condition of the write: the session is not over and was not updated since it was read, and the claims have
// room beside those that the claims hook may have changed meanwhile.
func (u Update) Permits(s Session) bool {
	return !s.Expired(u.Now) && s.Updates == u.From && len(u.Claims)+len(s.HookClaims) <= MaxClaims
}

// Apply is the effect of the write.
func (u Update) Apply(s Session) Session {
	s.Updates++
	s.AbsoluteExpiresAt, s.Scope, s.Device, s.Claims = u.AbsoluteExpiresAt, u.Scope, u.Device, u.Claims
	if u.Supersede {
		s.SessionVersion++
	}
	return s
}
