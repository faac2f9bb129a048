package token

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"
)

// ID is a UUID: the identity of a session for its whole life (version 7) or of an access token.
type ID [16]byte

// NewID makes a UUIDv7 (RFC 9562 section 5.7) of the time at. Its twelve bits after the milliseconds hold the fraction
// of the millisecond (section 6.2, method 3), so that the ids of a process sort by creation. Errors: those of random.
func NewID(at time.Time, random io.Reader) (ID, error) {
	var id ID
	if _, err := io.ReadFull(random, id[8:]); err != nil {
		return id, err
	}
	ns := at.UnixNano()
	ms := ns / int64(time.Millisecond)
	fraction := (ns % int64(time.Millisecond)) << 12 / int64(time.Millisecond)
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|uint64(fraction))
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id, nil
}

// ParseID reads the canonical lower-case form (RFC 9562 section 4); false for any other string.
func ParseID(s string) (ID, bool) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	digits := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil || id.String() != s {
		return ID{}, false
	}
	return id, true
}

// Time is the time of a UUIDv7, to the millisecond. Other UUIDs have no time.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

func (id ID) String() string {
	var s [36]byte
	hex.Encode(s[0:8], id[0:4])
	hex.Encode(s[9:13], id[4:6])
	hex.Encode(s[14:18], id[6:8])
	hex.Encode(s[19:23], id[8:10])
	hex.Encode(s[24:36], id[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// MarshalText writes the canonical form.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
