package session

import (
	"crypto/sha256"
	"net/netip"
)

// Seen describes the caller of the latest refresh, small enough to be stored with each refresh. The zero value is an
// unknown caller.
type Seen struct {
	Address   netip.Addr
	UserAgent string  // at most the first 48 bytes
	AgentHash [8]byte // of the whole user agent, for comparison
}

// seenAgentBytes is how much of a user agent is stored.
const seenAgentBytes = 48

// SeenFrom describes a caller. It leaves out an address that it cannot parse.
func SeenFrom(address, userAgent string) Seen {
	var seen Seen
	if addr, err := netip.ParseAddr(address); err == nil {
		seen.Address = addr.Unmap().WithZone("")
	}
	if userAgent != "" {
		hash := sha256.Sum256([]byte(userAgent))
		seen.UserAgent = cut(userAgent, seenAgentBytes)
		copy(seen.AgentHash[:], hash[:])
	}
	return seen
}

// cut shortens text to a number of bytes at a character boundary.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := 0
	for i := range text {
		if i > limit {
			break
		}
		end = i
	}
	return text[:end]
}

// Elsewhere reports whether both address and user agent differ. It is false if an address is unknown.
func (s Seen) Elsewhere(other Seen) bool {
	known := s.Address.IsValid() && other.Address.IsValid()
	return known && s.Address != other.Address && s.AgentHash != other.AgentHash
}
