package session

import (
	"encoding/json"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
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
	TokenKeyID    keys.TokenKeyID // of the tag of the current refresh token
	Generation    uint32
	AccessTokenID token.ID
	// SessionVersion is in each access token (claim sv); a higher one ends the earlier access tokens.
	SessionVersion uint32
	// Updates counts the updates. A rotation does not raise it.
	Updates uint32

	CreatedAt time.Time
	// Rotated are the times of the last rotations, see RotationTimes; zero before the first. A reusable session
	// keeps the time of its latest refresh in slot 0. RotatedBy is the request that made the latest one.
	Rotated   [RotationTimes]time.Time
	RotatedBy token.ID
	LastSeen  Seen

	IdleExpiresAt     time.Time
	AbsoluteExpiresAt time.Time

	// JKT is the key that the session is bound to (RFC 9449); zero before that.
	JKT dpop.Thumbprint

	// Epoch is the application's when the session was issued; the session lives while the two are equal.
	Epoch  uint64
	Policy Policy

	Scope  string
	Device *Device
	// Audience is that of its application, as the verb has read it: no store keeps it with the session.
	Audience token.Audience
	Claims   json.RawMessage // a JSON object, or empty
	// HookClaims are those of the claims hook, over Claims in an access token; a JSON object, or empty.
	HookClaims json.RawMessage
}

// Device is the user's device, as the issuing backend describes it.
type Device struct {
	Name      string `json:"name,omitempty"`
	Type      string `json:"type,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	IP        string `json:"ip,omitempty"`
}

// Policy is a session's copy of the settings of its application at issue (law 11).
type Policy struct {
	Reusable           bool
	KeepPreviousAccess bool
	Access             time.Duration
	Idle               time.Duration
	Overlap            time.Duration
}

// ExpiresAt is the end of the session unless it is refreshed: the earlier of its two expiries.
func (s Session) ExpiresAt() time.Time {
	if s.AbsoluteExpiresAt.Before(s.IdleExpiresAt) {
		return s.AbsoluteExpiresAt
	}
	return s.IdleExpiresAt
}

// Under is the session as it counts under its application as it is now: of absolute life, access lifetime and overlap the
// stricter one (law 11). It is never written.
func (s Session) Under(app Application) Session {
	s.Policy.Access = min(s.Policy.Access, seconds(app.Settings.AccessTokenSeconds))
	s.Policy.Overlap = min(s.Policy.Overlap, seconds(app.Settings.OverlapSeconds))
	if end := s.CreatedAt.Add(seconds(app.Settings.RefreshAbsoluteSeconds)); end.Before(s.AbsoluteExpiresAt) {
		s.AbsoluteExpiresAt = end
	}
	return s
}

// Expired reports whether the session is over at now, as it is in the last second before its absolute expiry.
func (s Session) Expired(now time.Time) bool {
	return !s.IdleExpiresAt.After(now) || s.AbsoluteExpiresAt.Before(now.Add(lastSecond))
}

// LiveUnder reports whether the session is live at now: neither expired nor deleted with the sessions of its
// application.
func (s Session) LiveUnder(app Application, now time.Time) bool {
	return s.Epoch == app.Epoch && !s.Under(app).Expired(now)
}

// Accepts reports whether an access token of this session is accepted: it has the current session version and, if the
// session keeps only the access token of the latest refresh, it is that one or one that is narrowed from it; and the session's
// access lifetime has not ended it at now. The caller has checked its own exp.
func (s Session) Accepts(access token.Access, now time.Time) bool {
	current := s.AccessTokenID.String()
	if access.Narrowed {
		current = token.NarrowedID(s.AccessTokenID, access.Scope, access.Audience)
	}
	end := s.AccessEnd(access)
	return access.SessionVersion == s.SessionVersion && (end.Unix() == access.Expires || now.Before(end)) &&
		(s.Policy.Reusable || s.Policy.KeepPreviousAccess || access.ID == current)
}

// AccessEnd is the end of an access token of this session: its own, or an earlier one by the session's access lifetime,
// which may have become shorter (law 11).
func (s Session) AccessEnd(access token.Access) time.Time {
	end := time.Unix(access.IssuedAt, 0).Add(s.Policy.Access)
	if own := time.Unix(access.Expires, 0); own.Before(end) {
		return own
	}
	return end
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

// LastUsed is the time of the latest refresh, or of the issue before the first.
func (s Session) LastUsed() time.Time {
	if at := s.RotatedAt(); !at.IsZero() {
		return at
	}
	return s.CreatedAt
}
