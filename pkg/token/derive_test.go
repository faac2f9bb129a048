package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func successor(t *testing.T, r token.Refresh, own, issuing keys.TokenKey) (token.Refresh, token.ID) {
	t.Helper()
	next, id, err := r.Successor(own, issuing)
	if err != nil {
		t.Fatal(err)
	}
	return next, id
}

// Law 3: whoever repeats a refresh computes the same successor and the same jti.
func TestASuccessorIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRefresh(t)
		own, issuing := tokenKey(r.KeyID), tokenKey(keys.TokenKeyID(rapid.Uint32().Draw(t, "issuing")))
		a, idA, errA := r.Successor(own, issuing)
		b, idB, errB := r.Successor(own, issuing)
		if a != b || idA != idB || (errA == nil) != (errB == nil) {
			t.Fatalf("got %v and %v, want the same successor and jti twice", a, b)
		}
		if errA != nil {
			return
		}
		want := r
		want.KeyID, want.Secret, want.Generation = issuing.ID, a.Secret, r.Generation+1
		if a != want {
			t.Fatalf("got %v, want another key, generation and secret alone", a)
		}
		if idA[6]>>4 != 8 || idA[8]>>6 != 2 {
			t.Fatalf("got jti %s, want a UUIDv8", idA)
		}
	})
}

// Law 3: a rotation of the token key between a refresh and its retry changes neither secret nor jti.
func TestASuccessorDoesNotDependOnTheIssuingKey(t *testing.T) {
	a, idA := successor(t, sample(), tokenKey(7), tokenKey(7))
	b, idB := successor(t, sample(), tokenKey(7), tokenKey(9))
	if a.Secret != b.Secret || idA != idB {
		t.Errorf("got jti %s and %s, want the same secret and jti", idA, idB)
	}
	if b.KeyID != 9 {
		t.Errorf("got key %s, want 9", b.KeyID)
	}
}

func TestASuccessorDependsOnEverythingElse(t *testing.T) {
	base, baseID := successor(t, sample(), tokenKey(7), tokenKey(7))
	other := map[string]func(*token.Refresh) keys.TokenKey{
		"session":    func(r *token.Refresh) keys.TokenKey { r.Session[15]++; return tokenKey(7) },
		"generation": func(r *token.Refresh) keys.TokenKey { r.Generation++; return tokenKey(7) },
		"secret":     func(r *token.Refresh) keys.TokenKey { r.Secret[31]++; return tokenKey(7) },
		"key":        func(r *token.Refresh) keys.TokenKey { r.KeyID = 8; return tokenKey(8) },
	}
	for what, change := range other {
		r := sample()
		own := change(&r)
		got, id := successor(t, r, own, own)
		if got.Secret == base.Secret || id == baseID {
			t.Errorf("another %s: got the same successor, want another one", what)
		}
	}
	if _, _, err := sample().Successor(tokenKey(8), tokenKey(8)); err == nil {
		t.Error("a key that is not the token's: got no error")
	}
	seen := map[token.Secret]bool{}
	r := sample()
	for range 1000 {
		r, _ = successor(t, r, tokenKey(7), tokenKey(7))
		if seen[r.Secret] {
			t.Fatal("got a secret twice within 1000 generations, want each once")
		}
		seen[r.Secret] = true
	}
}

// Law 2: a dump of the table alone forges nothing: without the token key no tag fits.
func TestATableDumpAloneForgesNothing(t *testing.T) {
	victim := sample()
	hash := victim.Secret.Hash()
	guesses := map[string]keys.TokenKey{
		"zero key":         {ID: victim.KeyID},
		"the hash as key":  {ID: victim.KeyID, Secret: hash},
		"hash of the hash": {ID: victim.KeyID, Secret: sha256.Sum256(hash[:])},
		"SHA-256 of kid":   {ID: victim.KeyID, Secret: sha256.Sum256([]byte(victim.KeyID.String()))},
	}
	for what, key := range guesses {
		forged := victim
		forged.Secret = token.Secret(hash)
		text, err := forged.Encode(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := accepted(text.Reveal()); ok {
			t.Errorf("%s: got a valid tag, want none", what)
		}
	}
	// An unkeyed digest, and the tag of a token that the attacker holds.
	own := victim
	own.User = "attacker"
	ownRaw, _ := base64.RawURLEncoding.DecodeString(encode(t, own)[4:])
	raw, _ := base64.RawURLEncoding.DecodeString(encode(t, victim)[4:])
	signed := raw[:len(raw)-16]
	digest := sha256.Sum256(signed)
	for what, tag := range map[string][]byte{
		"digest": digest[:16], "other token's tag": ownRaw[len(ownRaw)-16:], "zeros": make([]byte, 16),
	} {
		forged := append(append([]byte{}, signed...), tag...)
		if _, ok := accepted("srt_" + base64.RawURLEncoding.EncodeToString(forged)); ok {
			t.Errorf("%s as tag: got it accepted, want it refused", what)
		}
	}
}

// Law 2: the token key, alone or with a dump of the table, yields no secret whose hash is stored.
func TestTheTokenKeyAloneForgesNothing(t *testing.T) {
	key := tokenKey(7)
	victim := sample()
	next, _ := successor(t, victim, key, key)
	stored := []token.Hash{victim.Secret.Hash(), next.Secret.Hash()}
	guesses := []token.Secret{{}, key.Secret, token.Secret(stored[0]), token.Secret(stored[1])}
	for _, label := range []string{"srt/derive/refresh token\x00", "srt/tag\x00", ""} {
		for _, seed := range [][]byte{nil, stored[0][:], stored[1][:], make([]byte, 32)} {
			mac := hmac.New(sha256.New, key.Secret[:])
			mac.Write([]byte(label))
			mac.Write(victim.Session[:])
			mac.Write([]byte{0, 0, 0, byte(victim.Generation + 1)})
			mac.Write(seed)
			guesses = append(guesses, token.Secret(mac.Sum(nil)))
		}
	}
	for i, guess := range guesses {
		forged := victim
		forged.Secret = guess
		after, _ := successor(t, forged, key, key)
		for _, h := range stored {
			if guess.Hash().Equal(h) || after.Secret.Hash().Equal(h) {
				t.Errorf("guess %d: got a stored hash, want another one", i)
			}
		}
	}
	// The derivation is the documented one, so the guesses above are those of an informed attacker.
	mac := hmac.New(sha256.New, key.Secret[:])
	mac.Write([]byte("srt/derive/refresh token\x00"))
	mac.Write(victim.Session[:])
	mac.Write([]byte{0, 0, 0, byte(victim.Generation + 1)})
	mac.Write(victim.Secret[:])
	want := victim.Secret
	copy(want[16:], mac.Sum(nil))
	if next.Secret != want {
		t.Error("the successor's link is not HMAC(token key, label, session, generation + 1, secret)")
	}
}

// Law 2: the root stays for the session's life, and its hash belongs to one session.
func TestTheRootStaysAndBelongsToOneSession(t *testing.T) {
	first := sample()
	last := first
	for range 100 {
		last, _ = successor(t, last, tokenKey(7), tokenKey(7))
	}
	if got, want := last.Secret.RootHash(last.Session), first.Secret.RootHash(first.Session); !got.Equal(want) {
		t.Error("the hash of the root changed within 100 generations")
	}
	link, root, other := first.Secret, first.Secret, first.Session
	link[16]++
	root[15]++
	other[0]++
	hash := first.Secret.RootHash(first.Session)
	if !link.RootHash(first.Session).Equal(hash) {
		t.Error("another link has another hash of the root")
	}
	if root.RootHash(first.Session).Equal(hash) || first.Secret.RootHash(other).Equal(hash) {
		t.Error("another root or another session has the same hash of the root")
	}
}

func TestNoGenerationIsLeftAfterTheLast(t *testing.T) {
	r := sample()
	r.Generation = math.MaxUint32
	if _, _, err := r.Successor(tokenKey(7), tokenKey(7)); err == nil {
		t.Error("after the last generation: got no error")
	}
	r.Generation--
	if next, _, err := r.Successor(tokenKey(7), tokenKey(7)); err != nil || next.Generation != math.MaxUint32 {
		t.Errorf("got generation %d, %v, want the last one", next.Generation, err)
	}
}
