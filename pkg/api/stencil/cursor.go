package stencil

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// A cursor is base64url of 16 bytes that bind a position to the list (tenant, user and application), and the position,
// masked. It grants nothing: whoever follows one may read that list anyway, and a position selects within it. The binding
// keeps a cursor from being used, by mistake, on another list; the mask keeps clients from reading what may change.
const bindingSize = aes.BlockSize

func newCursor(p session.Position, list session.ListRequest) string {
	key, plain := cursorKey(list), encodePosition(p)
	bound := binding(key, plain)
	return base64.RawURLEncoding.EncodeToString(append(bound, masked(key, bound, plain)...))
}

func parseCursor(text string, list session.ListRequest) (session.Position, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < bindingSize || strings.ContainsAny(text, "\r\n") {
		return session.Position{}, false
	}
	key, bound := cursorKey(list), raw[:bindingSize]
	plain := masked(key, bound, raw[bindingSize:])
	if !hmac.Equal(bound, binding(key, plain)) {
		return session.Position{}, false
	}
	p, ok := decodePosition(plain)
	return p, ok && p.Within(list.Application)
}

func cursorKey(list session.ListRequest) []byte {
	h := sha256.New()
	for _, part := range []string{"cursor", list.Tenant, list.User, list.Application} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) // so that parts cannot run together
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

func binding(key, plain []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(plain)
	return h.Sum(nil)[:bindingSize]
}

// masked is its own inverse.
func masked(key, bound, text []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key always has 32 bytes
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, bound).XORKeyStream(out, text)
	return out
}

// encodePosition writes the ceiling, the floor, 1 or 0 for a search, its last application, and the heads. An application is
// one byte of length and its id.
func encodePosition(p session.Position) []byte {
	b := slices.Concat(p.Ceiling[:], p.Floor[:])
	searching := byte(0)
	if p.Searching {
		searching = 1
	}
	b = appendID(append(b, searching), p.Last)
	for _, head := range p.Heads {
		b = append(appendID(b, head.Application), head.Before[:]...)
	}
	return b
}

func appendID(b []byte, id string) []byte { return append(append(b, byte(len(id))), id...) }

// decodePosition returns false for what encodePosition never writes.
func decodePosition(b []byte) (p session.Position, ok bool) {
	if len(b) < 2*len(p.Floor)+2 {
		return p, false
	}
	n := copy(p.Ceiling[:], b)
	n += copy(p.Floor[:], b[n:])
	p.Searching = b[n] == 1
	p.Last, b, ok = cutID(b[n+1:])
	for ok && len(b) > 0 {
		var head session.Head
		head.Application, b, ok = cutID(b)
		if ok = ok && head.Application != "" && len(b) >= len(head.Before); ok {
			b = b[copy(head.Before[:], b):]
			p.Heads = append(p.Heads, head)
		}
	}
	return p, ok
}

func cutID(b []byte) (id string, rest []byte, ok bool) {
	if len(b) == 0 || len(b) <= int(b[0]) {
		return "", nil, false
	}
	end := 1 + int(b[0])
	return string(b[1:end]), b[end:], true
}
