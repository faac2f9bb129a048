package session

import (
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Application is one application of a tenant.
type Application struct {
	Tenant   string
	ID       string
	Name     string
	Settings Settings
	// Epoch counts the deletions of all its sessions at once.
	Epoch uint64
	// Version counts the changes of name and settings; 0 before the first.
	Version uint64
}

// Usage is what a refresh does to the refresh token.
type Usage string

// The two usages.
const (
	OneTime  Usage = "oneTime"  // every refresh rotates the token
	Reusable Usage = "reusable" // a refresh only extends the idle expiry
)

// Settings of an application, copied into each session at issue. Law 11 says which change of them reaches living
// sessions.
type Settings struct {
	AccessTokenSeconds        int64 `json:"accessTokenSeconds"`
	RefreshIdleSeconds        int64 `json:"refreshIdleSeconds"`
	RefreshAbsoluteSeconds    int64 `json:"refreshAbsoluteSeconds"`
	Usage                     Usage `json:"usage"`
	OverlapSeconds            int64 `json:"overlapSeconds"`
	MaxSessionsPerUser        int   `json:"maxSessionsPerUser"` // 0: no limit
	KeepPreviousAccessToken   bool  `json:"keepPreviousAccessToken"`
	RequireAccessTokenPresent bool  `json:"requireAccessToken"`
	DPoP                      DPoP  `json:"dpop"`
	// Audiences are those of access tokens beside the id of the application. Sessions keep no copy of them.
	Audiences Audiences `json:"audiences"`
}

// DPoP is what sessions do with proofs of possession (RFC 9449).
type DPoP string

// The values of DPoP.
const (
	DPoPOff      DPoP = "off"      // proofs are ignored
	DPoPAllowed  DPoP = "allowed"  // the first proof binds a session to its key
	DPoPRequired DPoP = "required" // every refresh needs a proof with a nonce
)

// flag is what the refresh tokens of a session say.
func (d DPoP) flag() token.DPoP {
	return map[DPoP]token.DPoP{DPoPAllowed: token.DPoPAllowed, DPoPRequired: token.DPoPRequired}[d]
}

// DefaultSettings are the settings of an application that sets none.
func DefaultSettings() Settings {
	return Settings{
		AccessTokenSeconds:     900,
		RefreshIdleSeconds:     30 * 24 * 60 * 60,
		RefreshAbsoluteSeconds: 180 * 24 * 60 * 60,
		Usage:                  OneTime,
		OverlapSeconds:         30,
		MaxSessionsPerUser:     100,

		KeepPreviousAccessToken: true,
		DPoP:                    DPoPOff,
	}
}

// The longest lives that settings allow, in seconds. Retired keys stay that long: see pkg/keys/rotation.
const (
	MaxAccessSeconds   = 24 * 60 * 60
	MaxAbsoluteSeconds = 10 * 365 * 24 * 60 * 60
)

// MinAbsoluteSeconds is the shortest absolute life: the last second before its end no longer refreshes.
const MinAbsoluteSeconds = 2

const (
	maxOverlapSeconds = 24 * 60 * 60
	maxSessionsLimit  = 10_000
)

// Validate lists every setting that is out of range.
func (s Settings) Validate() []FieldError {
	var bad []FieldError
	check := func(ok bool, field, rule string) {
		if !ok {
			bad = append(bad, FieldError{Field: field, Code: "outOfRange", Message: field + " must be " + rule + "."})
		}
	}
	within := func(value, low, high int64, field string) {
		check(low <= value && value <= high, field, fmt.Sprintf("from %d to %d", low, high))
	}
	within(s.AccessTokenSeconds, 1, MaxAccessSeconds, "accessTokenSeconds")
	within(s.RefreshIdleSeconds, 1, MaxAbsoluteSeconds, "refreshIdleSeconds")
	within(s.RefreshAbsoluteSeconds, MinAbsoluteSeconds, MaxAbsoluteSeconds, "refreshAbsoluteSeconds")
	within(s.OverlapSeconds, 0, maxOverlapSeconds, "overlapSeconds")
	within(int64(s.MaxSessionsPerUser), 0, maxSessionsLimit, "maxSessionsPerUser")
	check(s.Usage == OneTime || s.Usage == Reusable, "usage", "oneTime or reusable")
	check(slices.Contains([]DPoP{DPoPOff, DPoPAllowed, DPoPRequired}, s.DPoP), "dpop", "off, allowed or required")
	check(len(s.Audiences) <= maxAudiences, "audiences", "at most 10")
	for i, audience := range s.Audiences {
		field := fmt.Sprintf("audiences[%d]", i)
		check(isAudience(audience), field, "an absolute URI without a fragment or an id, of at most 128 bytes")
		check(!slices.Contains(s.Audiences[:i], audience), field, "different from those before it")
	}
	return bad
}

func (s Settings) policy() Policy {
	return Policy{
		Reusable:           s.Usage == Reusable,
		KeepPreviousAccess: s.KeepPreviousAccessToken,
		Access:             time.Duration(s.AccessTokenSeconds) * time.Second,
		Idle:               time.Duration(s.RefreshIdleSeconds) * time.Second,
		Overlap:            time.Duration(s.OverlapSeconds) * time.Second,
	}
}
