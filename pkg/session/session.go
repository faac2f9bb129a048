package session

import (
	"encoding/json"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Key is a session's primary key. A refresh token carries all of it.
type Key struct {
	Tenant      string
	User        string
	Application string
	ID          token.ID
}

// Session is one session as it is stored. Times are UTC, whole milliseconds.
type Session struct {
	Key

	SecretHash    token.Hash
	RootHash      token.RootHash
	TokenKeyID    keys.TokenKeyID // the current refresh token is signed with it
	Generation    uint32
	AccessTokenID token.ID
	// SessionVersion is in each access token (claim sv); raising it ends those handed out before.
	SessionVersion uint32

	CreatedAt time.Time
	// Rotated are the times of the last rotations, see RotationTimes; zero before the first. A reusable session
	// keeps the time of its latest refresh in slot 0. RotatedBy is the request that made the latest one.
	Rotated   [RotationTimes]time.Time
	RotatedBy token.ID
	LastSeen  Seen

	IdleExpiresAt     time.Time
	AbsoluteExpiresAt time.Time

	// Epoch is the application's when the session was issued; the session lives while the two are equal.
	Epoch  uint64
	Policy Policy

	Scope  string
	Device *Device
	Claims json.RawMessage // a JSON object, or empty
}

// Device is what the issuing backend told about the user's device.
type Device struct {
	Name      string `json:"name,omitempty"`
	Type      string `json:"type,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	IP        string `json:"ip,omitempty"`
}

// Policy is what a session keeps of its application's settings for life.
type Policy struct {
	Reusable           bool
	KeepPreviousAccess bool
	Access             time.Duration
	Idle               time.Duration
	Overlap            time.Duration
}

// ExpiresAt is the end of the session if nobody refreshes it any more.
func (s Session) ExpiresAt() time.Time {
	if s.AbsoluteExpiresAt.Before(s.IdleExpiresAt) {
		return s.AbsoluteExpiresAt
	}
	return s.IdleExpiresAt
}

// Expired says whether the session is over at now. With less than a second left of its absolute life it is.
func (s Session) Expired(now time.Time) bool {
	return !s.IdleExpiresAt.After(now) || s.AbsoluteExpiresAt.Before(now.Add(lastSecond))
}

// LiveUnder says whether the session exists as far as anyone may tell: neither expired nor deleted with its
// application's sessions.
func (s Session) LiveUnder(app Application, now time.Time) bool {
	return s.Epoch == app.Epoch && !s.Expired(now)
}

// Accepts says whether an access token of this session still counts: its session version is the current one, and
// where the session keeps only the access token of the latest refresh it is that one.
func (s Session) Accepts(access token.Access) bool {
	current := s.Policy.Reusable || s.Policy.KeepPreviousAccess || access.ID == s.AccessTokenID.String()
	return current && access.SessionVersion == s.SessionVersion
}

// RotatedAt is the time of the latest refresh; zero before the first.
func (s Session) RotatedAt() time.Time {
	if s.Policy.Reusable {
		return s.Rotated[0]
	}
	if s.Generation == 0 {
		return time.Time{}
	}
	return s.Rotated[(s.Generation-1)%RotationTimes]
}

// LastUsed is when the session was refreshed last, or else issued.
func (s Session) LastUsed() time.Time {
	if at := s.RotatedAt(); !at.IsZero() {
		return at
	}
	return s.CreatedAt
}
