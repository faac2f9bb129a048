package stencil

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// A cursor is base64url of 16 bytes, the id of the last session that was shown, masked, and 16 bytes that bind
// it to the list: tenant, user and application. It grants nothing: whoever follows one may read that list
// anyway. The binding keeps a cursor from being used, by mistake, on another list.
const cursorSize = 16 + bindingSize

const bindingSize = 16

func newCursor(last token.ID, list session.ListRequest) string {
	raw := mask(last, list)
	return base64.RawURLEncoding.EncodeToString(append(raw[:], binding(last, list)...))
}

func parseCursor(text string, list session.ListRequest) (token.ID, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != cursorSize || strings.ContainsAny(text, "\r\n") {
		return token.ID{}, false
	}
	last := mask(token.ID(raw[:16]), list)
	return last, subtle.ConstantTimeCompare(raw[16:], binding(last, list)) == 1
}

// mask is its own inverse.
func mask(id token.ID, list session.ListRequest) token.ID {
	subtle.XORBytes(id[:], id[:], digest("mask", list))
	return id
}

func binding(last token.ID, list session.ListRequest) []byte {
	return digest("binding/"+last.String(), list)[:bindingSize]
}

func digest(label string, list session.ListRequest) []byte {
	h := sha256.New()
	for _, part := range []string{label, list.Tenant, list.User, list.Application} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) // so that parts cannot run together
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}
