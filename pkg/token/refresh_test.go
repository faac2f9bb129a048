package token_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const uuid = "0190f0c4-7a3b-7cde-8f01-23456789abcd"

// tokenKey makes a key whose secret follows from its id.
func tokenKey(id keys.TokenKeyID) keys.TokenKey {
	k := keys.TokenKey{ID: id}
	for i := range k.Secret {
		k.Secret[i] = byte(id) + byte(i)*7
	}
	return k
}

func sample() token.Refresh {
	t := token.Refresh{KeyID: 7, Tenant: "demo", User: "user-1", Application: uuid, Generation: 3}
	for i := range t.Secret {
		t.Secret[i] = byte(200 + i)
	}
	t.Session, _ = token.ParseID(uuid)
	return t
}

func encode(t *testing.T, r token.Refresh) string {
	t.Helper()
	text, err := r.Encode(tokenKey(r.KeyID))
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

// accepted reports whether text parses and verifies with the key that it names.
func accepted(text string) (token.Refresh, bool) {
	p, err := token.ParseRefresh(text)
	if err != nil {
		return token.Refresh{}, false
	}
	r, err := p.Verify(tokenKey(p.KeyID()))
	return r, err == nil
}

func drawID(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.Just(uuid),
		rapid.Just(strings.ToUpper(uuid)),
		rapid.Just(uuid+"x"),
		rapid.StringN(1, -1, 128),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 128), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { return token.ID(b).String() }),
	).Draw(t, name)
}

func drawRefresh(t *rapid.T) token.Refresh {
	bytesOf := func(n int, name string) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name) }
	return token.Refresh{
		Reusable:    rapid.Bool().Draw(t, "reusable"),
		NeedsAccess: rapid.Bool().Draw(t, "needs access"),
		DPoP:        token.DPoP(rapid.IntRange(0, 3).Draw(t, "DPoP")),
		KeyID:       keys.TokenKeyID(rapid.Uint32().Draw(t, "key")),
		Tenant:      drawID(t, "tenant"), User: drawID(t, "user"), Application: drawID(t, "application"),
		Session:    token.ID(bytesOf(16, "session")),
		Generation: rapid.Uint32().Draw(t, "generation"),
		Secret:     token.Secret(bytesOf(32, "secret")),
	}
}

// Law 2: ids that fit come back unchanged from at most 255 characters; others are refused at issue.
func TestAnEncodedTokenParsesToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRefresh(t)
		text, err := want.Encode(tokenKey(want.KeyID))
		if fits := token.Room(want.Tenant, want.User, want.Application) >= 0; fits != (err == nil) {
			t.Fatalf("Encode: got %v, want success %v as Room reports", err, fits)
		}
		if err != nil {
			return
		}
		if len(text.Reveal()) > token.MaxTextLength {
			t.Fatalf("got %d characters, want at most 255", len(text.Reveal()))
		}
		if got, ok := accepted(text.Reveal()); !ok || got != want {
			t.Fatalf("got %v, %v, want %v", got, ok, want)
		}
	})
}

// Law 2: at most 255 characters in all, and the room is used up to the last byte.
func TestIDsUseTheRoomToTheLastByte(t *testing.T) {
	r := sample()
	r.Application = "a"
	for n := 1; n <= 140; n++ {
		r.User = strings.Repeat("u", n)
		room := token.Room(r.Tenant, r.User, r.Application)
		text, err := r.Encode(tokenKey(r.KeyID))
		if (err == nil) != (room >= 0) {
			t.Fatalf("%d bytes of room: got %v", room, err)
		}
		if room == 0 && len(text.Reveal()) != token.MaxTextLength {
			t.Errorf("no room left: got %d characters, want 255", len(text.Reveal()))
		}
		if err == nil && len(text.Reveal()) > token.MaxTextLength {
			t.Errorf("got %d characters, want at most 255", len(text.Reveal()))
		}
	}
	if got := token.Room(uuid, uuid, uuid); got != token.RoomForIDs-48 {
		t.Errorf("three UUIDs: got %d bytes of room, want %d", got, token.RoomForIDs-48)
	}
}

func TestEncodeRefusesEmptyIDsAndOtherKeys(t *testing.T) {
	for _, empty := range []func(*token.Refresh){
		func(r *token.Refresh) { r.Tenant = "" },
		func(r *token.Refresh) { r.User = "" },
		func(r *token.Refresh) { r.Application = "" },
	} {
		r := sample()
		empty(&r)
		if _, err := r.Encode(tokenKey(r.KeyID)); err == nil {
			t.Error("an empty id: got a token, want an error")
		}
	}
	if _, err := sample().Encode(tokenKey(8)); err == nil {
		t.Error("another key than the token's: got a token, want an error")
	}
}

// Law 2: a corrupted token is refused without touching the database; decoding is strict, one string per token.
func TestEverySingleChangeOfATokenIsRefused(t *testing.T) {
	for n := range 3 { // three lengths: the last character has no, two or four spare bits
		r := sample()
		r.User = r.User[:len(r.User)-n]
		everyChangeIsRefused(t, encode(t, r))
	}
}

func everyChangeIsRefused(t *testing.T, text string) {
	t.Helper()
	if _, ok := accepted(text); !ok {
		t.Fatal("the token itself: got it refused, want it accepted")
	}
	changed := func(what, s string) {
		if _, ok := accepted(s); ok {
			t.Errorf("%s: got it accepted, want it refused", what)
		}
	}
	for i := range text {
		for bit := range 8 {
			b := []byte(text)
			b[i] ^= 1 << bit
			changed("a flipped bit", string(b))
		}
		changed("a truncation", text[:i])
		changed("a tail", text[i+1:])
		changed("a missing character", text[:i]+text[i+1:])
		for _, c := range []string{"\n", "\r", "\r\n", " ", "\t", "=", "\x00", "A", ".", "+", "/", "é"} {
			changed("an inserted character", text[:i]+c+text[i:])
		}
	}
	for _, tail := range []string{"A", "AA", "AAAA", "=", "==", "\n", "\r\n", " ", "\x00", text} {
		changed("an extension", text+tail)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text[4:])
	for i := range raw {
		for bit := range 8 {
			b := bytes.Clone(raw)
			b[i] ^= 1 << bit
			changed("a flipped bit under the encoding", "srt_"+base64.RawURLEncoding.EncodeToString(b))
		}
	}
	changed("padding", "srt_"+base64.URLEncoding.EncodeToString(raw[:len(raw)-1])+"=")
	changed("another prefix", "SRT_"+text[4:])
	changed("no prefix", text[4:])
}

func TestARefreshTokenHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRefresh(t)
		text, err := r.Encode(tokenKey(r.KeyID))
		if err != nil {
			return
		}
		s := []byte(text.Reveal())
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			s[rapid.IntRange(0, len(s)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		if got, ok := accepted(string(s)); ok {
			again, err := got.Encode(tokenKey(got.KeyID))
			if err != nil || again.Reveal() != string(s) {
				t.Fatalf("got a second spelling of token %v, want one", got)
			}
		}
	})
}

func TestTheStandardBase64AlphabetIsRefused(t *testing.T) {
	r := sample()
	for r.Generation = 0; ; r.Generation++ {
		text := encode(t, r)
		standard := "srt_" + strings.NewReplacer("-", "+", "_", "/").Replace(text[4:])
		if standard == text {
			continue
		}
		if _, ok := accepted(standard); ok {
			t.Fatal("the standard alphabet: got it accepted, want it refused")
		}
		return
	}
}

// Law 2: two ids have different tokens; only the canonical lower-case form of a UUID is packed.
func TestDifferentIDsHaveDifferentTokens(t *testing.T) {
	packed, _ := token.ParseID(uuid)
	ids := []string{
		uuid, strings.ToUpper(uuid), "{" + uuid + "}", "urn:uuid:" + uuid, strings.ReplaceAll(uuid, "-", ""),
		string(packed[:]), "\x80" + string(packed[:]), uuid[:35], uuid + "0",
		"0190F0c4-7a3b-7cde-8f01-23456789abcd",
	}
	seen := map[string]string{}
	for _, id := range ids {
		r := sample()
		r.User = id
		text := encode(t, r)
		if other, doubled := seen[text]; doubled {
			t.Errorf("%q and %q: got one token, want two", id, other)
		}
		seen[text] = id
		if got, ok := accepted(text); !ok || got.User != id {
			t.Errorf("got %q, %v, want %q", got.User, ok, id)
		}
	}
	if token.Room("t", strings.ToUpper(uuid), "a") != token.Room("t", uuid, "a")-20 {
		t.Error("an upper-case UUID: got it packed, want it as it is")
	}
	a, b := sample(), sample()
	a.Tenant, a.User = "ab", "c"
	b.Tenant, b.User = "a", "bc"
	if encode(t, a) == encode(t, b) {
		t.Error("\"ab\", \"c\" and \"a\", \"bc\": got one token, want two")
	}
}

// A UUID as text would be a second spelling: it is refused in spite of a genuine tag.
func TestAnUnpackedUUIDIsRefused(t *testing.T) {
	r := sample()
	r.Application = strings.ToUpper(uuid)
	raw, _ := base64.RawURLEncoding.DecodeString(encode(t, r)[4:])
	for id, want := range map[string]bool{strings.ToUpper(uuid): true, uuid: false} {
		signed := bytes.Replace(raw[:len(raw)-16], []byte(strings.ToUpper(uuid)), []byte(id), 1)
		key := tokenKey(7)
		mac := hmac.New(sha256.New, key.Secret[:])
		mac.Write([]byte("srt/tag\x00"))
		mac.Write(signed)
		text := "srt_" + base64.RawURLEncoding.EncodeToString(append(signed, mac.Sum(nil)[:16]...))
		if got, ok := accepted(text); ok != want || ok && got.Application != id {
			t.Errorf("%q: got accepted %v, want %v", id, ok, want)
		}
	}
}

func TestOnlyTheNamedKeyVerifies(t *testing.T) {
	p, err := token.ParseRefresh(encode(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	sameID := tokenKey(8)
	sameID.ID = 7
	sameSecret := tokenKey(7)
	sameSecret.ID = 8
	for what, key := range map[string]keys.TokenKey{
		"another key": tokenKey(8), "the id with another secret": sameID, "the secret with another id": sameSecret, "no key": {},
	} {
		if _, err := p.Verify(key); err == nil {
			t.Errorf("%s: got it verified, want it refused", what)
		}
	}
}

// Another key id breaks the tag, also if the service has that key.
func TestASwappedKeyIDIsRefused(t *testing.T) {
	raw, _ := base64.RawURLEncoding.DecodeString(encode(t, sample())[4:])
	raw[4] = 8
	if _, ok := accepted("srt_" + base64.RawURLEncoding.EncodeToString(raw)); ok {
		t.Error("a swapped key id: got it accepted, want it refused")
	}
}
