package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// The refresh token: "srt_" + base64url, without padding, of
//
//	1 byte   version (high nibble, 2) and flags (low nibble; bit 0: reusable,
//	         bit 1: requires an access token, bits 2 and 3: DPoP)
//	4 bytes  token key id
//	         tenant, user, application: each a length byte and that many bytes,
//	         or the byte 0x80 and the 16 bytes of a UUID
//	16 bytes session id
//	4 bytes  generation, big endian
//	32 bytes secret: 16 of the root, which a session keeps, and 16 of the link,
//	         which changes with each generation
//	16 bytes tag: HMAC-SHA256 over everything before it, truncated
//
// An id in canonical lower-case UUID form always travels as 16 bytes, every other id as it is, so two ids never
// meet in one token and one token has one spelling.
const (
	prefix          = "srt_"
	version2        = 0x20
	flagReusable    = 0x01
	flagNeedsAccess = 0x02
	flagsDPoP       = 0x0c
	shiftDPoP       = 2
	packedUUID      = 0x80
	tagSize         = 16

	// MaxTextLength is the longest refresh token, in characters.
	MaxTextLength = 255
	fixedSize     = 1 + 4 + 16 + 4 + 32 + tagSize
	maxSize       = (MaxTextLength - len(prefix)) * 6 / 8
	// RoomForIDs is how many bytes tenant, user and application may take together; a canonical UUID takes 16.
	RoomForIDs = maxSize - fixedSize - 3
)

// ErrMalformed is the error of a string that is not a refresh token of this service, a wrong tag included. It is the
// same for all reasons, which would help a forger alone.
var ErrMalformed = errors.New("not a refresh token of this service")

// DPoP says what a refresh token's session wants of proofs of possession (RFC 9449).
type DPoP byte

// The values of DPoP, as two bits of the token carry them.
const (
	DPoPOff      DPoP = iota // proofs are ignored
	DPoPAllowed              // a proof binds the session
	DPoPRequired             // every refresh needs a proof
	DPoPBound                // every refresh needs a proof by the session's own key
)

// Refresh is a refresh token whose tag has been verified, or one before it is issued.
type Refresh struct {
	Reusable    bool
	NeedsAccess bool // a refresh needs the session's access token beside it
	DPoP        DPoP
	KeyID       keys.TokenKeyID
	Tenant      string
	User        string
	Application string
	Session     ID
	Generation  uint32
	Secret      Secret
}

// Format keeps the secret out of logs and errors, also behind a pointer.
func (t Refresh) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "refresh token of session %s, generation %d", t.Session, t.Generation)
}

// Presented is a well-formed refresh token whose tag has not been verified.
type Presented struct {
	claimed Refresh
	signed  []byte
	tag     []byte
}

// Format keeps the secret in the unexported fields out of logs and errors.
func (Presented) Format(f fmt.State, _ rune) { hide(f) }

// ParseRefresh reads the one valid spelling of a refresh token. Errors: ErrMalformed.
func ParseRefresh(text string) (Presented, error) {
	encoded, found := strings.CutPrefix(text, prefix)
	// Go's decoder skips line breaks even when strict.
	if !found || len(text) > MaxTextLength || strings.ContainsAny(encoded, "\r\n") {
		return Presented{}, ErrMalformed
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) < fixedSize || raw[0]&0xf0 != version2 {
		return Presented{}, ErrMalformed
	}
	p := Presented{signed: raw[:len(raw)-tagSize], tag: raw[len(raw)-tagSize:]}
	t := &p.claimed
	t.Reusable = raw[0]&flagReusable != 0
	t.NeedsAccess = raw[0]&flagNeedsAccess != 0
	t.DPoP = DPoP(raw[0] & flagsDPoP >> shiftDPoP)
	t.KeyID = keys.TokenKeyID(binary.BigEndian.Uint32(raw[1:]))
	rest := p.signed[5:]
	for _, id := range []*string{&t.Tenant, &t.User, &t.Application} {
		if *id, rest, err = unpackID(rest); err != nil {
			return Presented{}, err
		}
	}
	if len(rest) != 16+4+32 {
		return Presented{}, ErrMalformed
	}
	t.Session = ID(rest[:16])
	t.Generation = binary.BigEndian.Uint32(rest[16:])
	t.Secret = Secret(rest[20:])
	return p, nil
}

// Unverified are the ids of a refresh token as it claims them, for people to look at. Nothing proves them.
type Unverified struct {
	Tenant, User, Application string
	Session                   ID
	Generation                uint32
	Reusable                  bool
}

// Unverified shows what the token claims, without its secret.
func (p Presented) Unverified() Unverified {
	t := p.claimed
	return Unverified{t.Tenant, t.User, t.Application, t.Session, t.Generation, t.Reusable}
}

// KeyID names the key that must verify the token.
func (p Presented) KeyID() keys.TokenKeyID { return p.claimed.KeyID }

// Verify checks the tag in constant time, which proves that this service issued the token. Errors: ErrMalformed.
func (p Presented) Verify(key keys.TokenKey) (Refresh, error) {
	if key.ID != p.claimed.KeyID || !hmac.Equal(p.tag, tagOf(key, p.signed)) {
		return Refresh{}, ErrMalformed
	}
	return p.claimed, nil
}

// Encode writes the token with a tag by its key. Errors: a key other than KeyID, an empty id, and ids that do not fit
// into MaxTextLength (see Room).
func (t Refresh) Encode(key keys.TokenKey) (Text, error) {
	if key.ID != t.KeyID {
		return Text{}, fmt.Errorf("encode refresh token: key %s is not key %s", key.ID, t.KeyID)
	}
	if Room(t.Tenant, t.User, t.Application) < 0 || t.Tenant == "" || t.User == "" || t.Application == "" {
		return Text{}, errors.New("encode refresh token: an id is empty, or they do not fit")
	}
	raw := make([]byte, 0, maxSize)
	raw = append(raw, t.head())
	raw = binary.BigEndian.AppendUint32(raw, uint32(t.KeyID))
	raw = packID(packID(packID(raw, t.Tenant), t.User), t.Application)
	raw = append(raw, t.Session[:]...)
	raw = binary.BigEndian.AppendUint32(raw, t.Generation)
	raw = append(raw, t.Secret[:]...)
	raw = append(raw, tagOf(key, raw)...)
	return Text{prefix + base64.RawURLEncoding.EncodeToString(raw)}, nil
}

// head is the first byte: version and flags.
func (t Refresh) head() byte {
	head := version2 | byte(t.DPoP)<<shiftDPoP&flagsDPoP
	if t.Reusable {
		head |= flagReusable
	}
	if t.NeedsAccess {
		head |= flagNeedsAccess
	}
	return head
}

// Successor derives the token of the next generation, to be signed with issuing, and the id of the access token
// that is handed out beside it. Both follow from the token and its own key alone, so whoever repeats a refresh
// computes the same ones. The root of the secret stays. Errors: a key that is not the token's, no generation left.
func (t Refresh) Successor(own, issuing keys.TokenKey) (Refresh, ID, error) {
	if own.ID != t.KeyID || t.Generation == math.MaxUint32 {
		return Refresh{}, ID{}, errors.New("derive successor: wrong key or no generation left")
	}
	next := t
	next.KeyID = issuing.ID
	next.Generation++
	copy(next.Secret[rootSize:], t.derive(own, "refresh token", next.Generation))
	return next, uuidFrom(t.derive(own, "access token", next.Generation)), nil
}

func (t Refresh) derive(key keys.TokenKey, label string, generation uint32) []byte {
	mac := hmac.New(sha256.New, key.Secret[:])
	mac.Write([]byte("srt/derive/" + label + "\x00"))
	mac.Write(t.Session[:])
	mac.Write(binary.BigEndian.AppendUint32(nil, generation))
	mac.Write(t.Secret[:])
	return mac.Sum(nil)
}

// uuidFrom shapes derived bytes as a UUIDv8 (RFC 9562 section 5.8).
func uuidFrom(b []byte) ID {
	id := ID(b[:16])
	id[6] = 0x80 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// Room is how many bytes three ids leave free in a token; negative if they do not fit.
func Room(tenant, user, application string) int {
	return RoomForIDs - packedSize(tenant) - packedSize(user) - packedSize(application)
}

func packedSize(id string) int {
	if _, ok := ParseID(id); ok {
		return 16
	}
	return len(id)
}

func packID(to []byte, id string) []byte {
	if uuid, ok := ParseID(id); ok {
		return append(append(to, packedUUID), uuid[:]...)
	}
	return append(append(to, byte(len(id))), id...) // Room keeps it under 128
}

func unpackID(from []byte) (id string, rest []byte, err error) {
	if len(from) == 0 {
		return "", nil, ErrMalformed
	}
	head, from := from[0], from[1:]
	if head == packedUUID && len(from) >= 16 {
		return ID(from[:16]).String(), from[16:], nil
	}
	if head == 0 || head >= packedUUID || int(head) > len(from) {
		return "", nil, ErrMalformed
	}
	id, rest = string(from[:head]), from[head:]
	if _, uuid := ParseID(id); uuid {
		return "", nil, ErrMalformed // its one spelling is the packed one
	}
	return id, rest, nil
}

func tagOf(key keys.TokenKey, signed []byte) []byte {
	mac := hmac.New(sha256.New, key.Secret[:])
	mac.Write([]byte("srt/tag\x00"))
	mac.Write(signed)
	return mac.Sum(nil)[:tagSize]
}
