package dynamo

import (
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// encodeSeen encodes the length of the address (0, 4 or 16) in one byte, the address, 8 bytes of the hash of the user
// agent, and the first bytes of the user agent: at most 73 bytes.
func encodeSeen(s session.Seen) []byte {
	address := s.Address.AsSlice()
	b := append([]byte{byte(len(address))}, address...)
	b = append(b, s.AgentHash[:]...)
	return append(b, s.UserAgent...)
}

// seen decodes a value of encodeSeen. A missing attribute is the zero value.
func (r *reader) seen(name string) session.Seen {
	var s session.Seen
	value, ok := r.item[name].(*types.AttributeValueMemberB)
	if !ok {
		if r.item[name] != nil {
			r.malformed(name)
		}
		return s
	}
	b := value.Value
	if len(b) == 0 || len(b) < 1+int(b[0])+len(s.AgentHash) {
		r.malformed(name)
		return s
	}
	address, rest := b[1:1+b[0]], b[1+b[0]:]
	if len(address) > 0 {
		if s.Address, ok = netip.AddrFromSlice(address); !ok {
			r.malformed(name)
		}
	}
	copy(s.AgentHash[:], rest)
	s.UserAgent = string(rest[len(s.AgentHash):])
	return s
}
