package dpop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// nonceLife is how long a nonce is accepted.
const nonceLife = 5 * time.Minute

const nonceTag = 16 // bytes

// Nonce makes a nonce (RFC 9449 section 8): the id of the key, the time in seconds and a tag over both. Every container
// with the key accepts it, and none stores it.
func Nonce(key keys.TokenKey, now time.Time) string {
	raw := binary.BigEndian.AppendUint32(nil, uint32(key.ID))
	raw = binary.BigEndian.AppendUint64(raw, uint64(now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, tagOf(key, raw)...))
}

// HasNonce reports whether the proof has a nonce that one of the keys made within five minutes of now.
func (p Proof) HasNonce(set *keys.TokenSet, now time.Time) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(p.nonce)
	if err != nil || len(raw) != 4+8+nonceTag {
		return false
	}
	key, err := set.Find(keys.TokenKeyID(binary.BigEndian.Uint32(raw)))
	if err != nil || !hmac.Equal(raw[12:], tagOf(key, raw[:12])) {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0))
	return age.Abs() <= nonceLife // a container with a clock ahead may have made it
}

func tagOf(key keys.TokenKey, signed []byte) []byte {
	mac := hmac.New(sha256.New, key.Secret[:])
	mac.Write([]byte("srt/dpop nonce\x00"))
	mac.Write(signed)
	return mac.Sum(nil)[:nonceTag]
}
