package token_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// RFC 7515 section 4: header members are unique. Readers differ in which of two they take, so neither order is
// accepted, even with a genuine signature.
func TestDuplicateHeaderMembersAreRefused(t *testing.T) {
	w := newService()
	kid := w.kid("ES256")
	good := string(header("ES256", kid))
	for _, more := range []string{
		`"kid":"` + kid + `"`, `"kid":"other"`, `"kid":""`, `"kid":null`, `"\u006bid":"other"`, `"alg":"none"`, `"alg":"ES256"`,
		`"typ":"JWT"`, `"typ":"at+jwt"`, `"x":1,"x":2`,
	} {
		w.refused(t, "in front: "+more, w.forge([]byte("{"+more+","+good[1:]), w.claims(nil), w.genuine()))
		w.refused(t, "after: "+more, w.forge([]byte(good[:len(good)-1]+","+more+"}"), w.claims(nil), w.genuine()))
	}
	w.accepted(t, "an unknown member", w.forge(header("ES256", kid, "x", map[string]any{"kid": "x"}), w.claims(nil), w.genuine()))
}

// RFC 8725 section 2.6: JSON is UTF-8; the same text in another encoding is another token.
func TestOtherEncodingsOfJSONAreRefused(t *testing.T) {
	w := newService()
	head, payload := header("ES256", w.kid("ES256")), w.claims(nil)
	encodings := map[string]func([]byte) []byte{
		"UTF-16 LE": func(text []byte) []byte { return utf16Bytes(text, binary.LittleEndian) },
		"UTF-16 BE": func(text []byte) []byte { return utf16Bytes(text, binary.BigEndian) },
		"UTF-8 with a byte order mark": func(text []byte) []byte {
			return append([]byte{0xef, 0xbb, 0xbf}, text...)
		},
		"NUL after": func(text []byte) []byte { return append(append([]byte{}, text...), 0) },
	}
	for what, encode := range encodings {
		w.refused(t, "header in "+what, w.forge(encode(head), payload, w.genuine()))
		w.refused(t, "payload in "+what, w.forge(head, encode(payload), w.genuine()))
	}
}

func utf16Bytes(text []byte, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// RFC 8725 section 2.9: a kid is looked up among the own keys and used for nothing else.
func TestInjectionsInAKidAreUnknownKeys(t *testing.T) {
	w := newService()
	kid := w.kid("ES256")
	for _, bad := range []string{
		"../../../../dev/null", "/dev/null", "file:///dev/null", "http://127.0.0.1:1/key", "' OR '1'='1", "x' UNION SELECT 'key", "$(id)", "`id`",
		"%00", kid + "\x00", kid + " ", " " + kid, strings.ToUpper(kid), strings.ToLower(kid), kid[:len(kid)-1], kid + "=", "*", ".", "null", "0",
		"constructor", "__proto__", strings.Repeat("k", 5000),
	} {
		w.refused(t, "kid "+bad, w.forge(header("ES256", bad), w.claims(nil), w.genuine()))
	}
}

// RFC 8725 sections 2.3 to 2.5: no encrypted, compressed or agreed content is opened.
func TestEncryptedTokensAreRefused(t *testing.T) {
	w := newService()
	genuine := w.sign(t, "ES256", w.access())
	for _, alg := range []string{"dir", "RSA-OAEP", "ECDH-ES", "A128KW", "PBES2-HS256+A128KW"} {
		h := header(alg, w.kid("ES256"), "enc", "A128GCM", "zip", "DEF", "p2c", 1<<31-1, "epk", map[string]string{"kty": "EC"})
		w.refused(t, alg+", five segments", w.forge(h, []byte("key"), nil)+"aXY."+b64([]byte(genuine))+".dGFn")
		w.refused(t, alg+", three segments", w.forge(h, []byte(genuine), w.genuine()))
	}
}

// RFC 7515 section 2: base64url without padding alone.
func TestOtherAlphabetsAreRefused(t *testing.T) {
	w := newService()
	part := strings.Split(w.sign(t, "ES256", w.access()), ".")
	for i := range part {
		raw, err := base64.RawURLEncoding.DecodeString(part[i])
		if err != nil {
			t.Fatal(err)
		}
		for what, encoding := range map[string]*base64.Encoding{"standard": base64.StdEncoding, "padded": base64.URLEncoding} {
			other := append([]string{}, part...)
			if other[i] = encoding.EncodeToString(raw); other[i] != part[i] {
				w.refused(t, what, strings.Join(other, "."))
			}
		}
	}
}
