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
	TokenKeyID    keys.TokenKeyID // the key that the current refresh token stands under
	Generation    uint32
	AccessTokenID token.ID

	CreatedAt time.Time
	// RotatedAt is the time of the latest refresh, RotatedBy the request that made it; both zero before the first.
	RotatedAt time.Time
	RotatedBy token.ID

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
	RequireAccessToken bool
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

// Expired says whether the session is over at now.
func (s Session) Expired(now time.Time) bool { return !s.ExpiresAt().After(now) }

// LiveUnder says whether the session exists as far as anyone may tell: neither expired nor deleted with its
// application's sessions.
func (s Session) LiveUnder(app Application, now time.Time) bool {
	return s.Epoch == app.Epoch && !s.Expired(now)
}

// Accepts says whether an access token of this session still counts: the one of the latest refresh does, and
// older ones where the session keeps them.
func (s Session) Accepts(access token.Access) bool {
	return access.ID == s.AccessTokenID.String() || s.Policy.Reusable || s.Policy.KeepPreviousAccess
}

// accessIssuedAt is when the current access token was issued: at the latest refresh, or with the session.
func (s Session) accessIssuedAt() time.Time {
	if s.RotatedAt.IsZero() {
		return s.CreatedAt
	}
	return s.RotatedAt
}
