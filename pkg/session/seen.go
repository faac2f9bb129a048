package session

import (
	"crypto/sha256"
	"net/netip"
)

// Seen is who refreshed a session last, in a form that is small enough to be stored with each refresh. The zero
// value is nobody.
type Seen struct {
	Address   netip.Addr
	UserAgent string  // at most the first 48 bytes
	AgentHash [8]byte // of the whole user agent, for comparison
}

// seenAgentBytes is how much of a user agent is kept to be shown.
const seenAgentBytes = 48

// SeenFrom keeps what is known of a caller. An address that cannot be read is left out.
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

// Elsewhere says whether a caller is another one by both address and user agent. It does not guess: where an address
// is not known, it is not.
func (s Seen) Elsewhere(other Seen) bool {
	known := s.Address.IsValid() && other.Address.IsValid()
	return known && s.Address != other.Address && s.AgentHash != other.AgentHash
}
