package keys

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestATokenSetFindsItsKeysInEveryStatus(t *testing.T) {
	next, active, retired := GenerateTokenKey(Next), GenerateTokenKey(Active), GenerateTokenKey(Retired)
	set, err := ParseTokenSet(docOf(t, next, active, retired))
	if err != nil {
		t.Fatal(err)
	}
	if set.Active.ID.String() != active.ID || encode(set.Active.Secret[:]) != active.K {
		t.Errorf("got active key %s, want %s", set.Active.ID, active.ID)
	}
	for _, j := range []JWK{next, active, retired} {
		found := false
		for id := range set.byID {
			k, err := set.Find(id)
			found = found || err == nil && k.ID.String() == j.ID && encode(k.Secret[:]) == j.K
		}
		if !found {
			t.Errorf("the %s key: got none, want %s", j.Status, j.ID)
		}
	}
	if _, err := set.Find(set.Active.ID + 1); !errors.Is(err, ErrNoKey) {
		t.Errorf("an unknown id: got %v, want %v", err, ErrNoKey)
	}
}

// Law 8: the document remembers the ids of dropped keys, and no more of them.
func TestADroppedTokenKeyIsKnownByItsIDAlone(t *testing.T) {
	active, dropped := GenerateTokenKey(Active), GenerateTokenKey(Past)
	secret := dropped.K
	for what, k := range map[string]string{"without a secret": "", "with one": secret} {
		dropped.K = k
		set, err := ParseTokenSet(docOf(t, dropped, active))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		id, err := tokenKeyID(dropped)
		if err != nil {
			t.Fatal(err)
		}
		key, found := set.Find(id)
		if key != (TokenKey{}) || !errors.Is(found, ErrDropped) || !errors.Is(found, ErrNoKey) || slices.ContainsFunc(set.Latest(), func(k TokenKey) bool { return k.ID == id }) {
			t.Errorf("%s: got %v, %v, want %v", what, key, found, ErrDropped)
		}
		if _, err := set.Find(id + 1); errors.Is(err, ErrDropped) {
			t.Errorf("%s: an id never known: got %v, want %v", what, err, ErrNoKey)
		}
	}
	dropped.ID = strings.ToUpper("abcdef01")
	if _, err := ParseTokenSet(docOf(t, dropped, active)); err == nil {
		t.Error("a dropped kid in capitals: got no error")
	}
}

// Law 6: a past key is in the signing set alone. Neither JWKS nor whoever verifies with a public set can see it.
func TestAPastSigningKeyIsNotPublic(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		past := signingKey(t, alg, Past)
		active, err := GenerateSigningKey("ES256", Active)
		if err != nil {
			t.Fatal(err)
		}
		raw := docOf(t, past.WithoutPrivate(), active)
		public, err1 := ParsePublicSet(raw)
		signing, err2 := ParseSigningSet(raw)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if _, err := public.Find(past.ID); !errors.Is(err, ErrNoKey) || strings.Contains(string(public.JWKS()), past.ID) {
			t.Errorf("%s: got %v and JWKS %s, want it in neither", alg, err, public.JWKS())
		}
		if key, err := signing.Past(past.ID); err != nil || key.ID != past.ID || key.Alg != alg || key.Key == nil {
			t.Errorf("%s: got %+v, %v, want the public half", alg, key, err)
		}
		for what, kid := range map[string]string{"the active key": active.ID, "another": "x", "nothing": ""} {
			if _, err := signing.Past(kid); !errors.Is(err, ErrNoKey) {
				t.Errorf("%s: %s: got %v, want %v", alg, what, err, ErrNoKey)
			}
		}
		doc, err := ParseDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := doc.Public().Find(past.ID); found {
			t.Errorf("%s: the public document has a past key", alg)
		}
	}
}

// A past key that is damaged verifies nothing, and the service goes on.
func TestADamagedPastKeyVerifiesNothing(t *testing.T) {
	active, past := signingKey(t, "EdDSA", Active), signingKey(t, "ES256", Past)
	other, err := GenerateSigningKey("ES256", Past)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*JWK){
		"another alg": func(j *JWK) { j.Alg = "EdDSA" }, "alg none": func(j *JWK) { j.Alg = "none" }, "alg HS256": func(j *JWK) { j.Alg = "HS256" },
		"another key's x": func(j *JWK) { j.X = other.X }, "another key": func(j *JWK) { j.X, j.Y = other.X, other.Y }, "kty oct": func(j *JWK) { j.KeyType = "oct" },
	} {
		j := past.WithoutPrivate()
		change(&j)
		set, err := ParseSigningSet(docOf(t, active, j))
		if err != nil {
			t.Fatalf("%s: got %v, want the active key", what, err)
		}
		if key, err := set.Past(past.ID); err == nil || errors.Is(err, ErrNoKey) || key.Key != nil {
			t.Errorf("%s: got %+v, %v, want an error", what, key, err)
		}
	}
}

// Exactly one key is active, each kid occurs once, and a status is one of four.
func TestDamagedDocumentsAreRefused(t *testing.T) {
	a, b := GenerateTokenKey(Active), GenerateTokenKey(Active)
	retired, same := a, b
	retired.Status, same.Status, same.ID = Retired, Next, a.ID
	noKid, odd, empty := a, a, a
	noKid.ID, odd.Status, empty.Status = "", "acitve", ""
	whole := string(docOf(t, a))
	for what, raw := range map[string]string{
		"nothing": "", "null": "null", "no keys": "{}", "empty list": `{"keys":[]}`, "null list": `{"keys":null}`, "array": "[]",
		"a placeholder": "pending", "a JSON string": `"pending"`, "cut": whole[:len(whole)-2], "doubled": whole + whole, "tail": whole + "x",
		"keys an object": `{"keys":{}}`, "a key a string": `{"keys":["` + a.K + `"]}`, "kid a number": `{"keys":[{"kid":1,"k":"` + a.K + `"}]}`,
		"none active": string(docOf(t, retired)), "two active": string(docOf(t, a, b)), "duplicate kid": string(docOf(t, a, same)),
		"no kid": string(docOf(t, noKid)), "unknown status": string(docOf(t, odd)), "no status": string(docOf(t, empty)),
	} {
		for name, parse := range map[string]func([]byte) error{
			"token":   func(raw []byte) error { _, err := ParseTokenSet(raw); return err },
			"public":  func(raw []byte) error { _, err := ParsePublicSet(raw); return err },
			"signing": func(raw []byte) error { _, err := ParseSigningSet(raw); return err },
		} {
			err := parse([]byte(raw))
			if err == nil {
				t.Errorf("%s keys, %s: got no error", name, what)
			} else if strings.Contains(err.Error(), a.K) || strings.Contains(err.Error(), b.K) || strings.Contains(err.Error(), "pending") {
				t.Errorf("%s keys, %s: got %v, want nothing of the document in it", name, what, err)
			}
		}
	}
}

func TestDamagedTokenKeysAreRefused(t *testing.T) {
	for what, change := range map[string]func(*JWK){
		"another kty":     func(j *JWK) { j.KeyType = "EC" },
		"no kty":          func(j *JWK) { j.KeyType = "" },
		"kid of 6 digits": func(j *JWK) { j.ID = j.ID[:6] },
		"kid not hex":     func(j *JWK) { j.ID = "zzzzzzzz" },
		"kid in capitals": func(j *JWK) { j.ID = "ABCDEF01" },
		"no k":            func(j *JWK) { j.K = "" },
		"short k":         func(j *JWK) { j.K = encode(make([]byte, 31)) },
		"long k":          func(j *JWK) { j.K = encode(make([]byte, 33)) },
		"padded k":        func(j *JWK) { j.K += "=" },
		"k with newline":  func(j *JWK) { j.K = "!" + j.K[1:] },
	} {
		j := GenerateTokenKey(Active)
		change(&j)
		_, err := ParseTokenSet(docOf(t, j))
		checkDocumentError(t, what, j, err)
	}
}

// Two spellings of one kid are one key id: the key that makes tokens would not be the one that verifies them.
func TestTwoSpellingsOfAKidAreRefused(t *testing.T) {
	a, b := GenerateTokenKey(Active), GenerateTokenKey(Retired)
	a.ID, b.ID = "abcdef01", "ABCDEF01"
	if set, err := ParseTokenSet(docOf(t, a, b)); err == nil {
		stored, _ := set.Find(set.Active.ID)
		t.Errorf("got no error, and a found key that is the active one: %v", stored == set.Active)
	}
}

// A signing document is refused as a whole if any public half is bad, and signs with the active key alone.
func TestASigningSetSignsWithTheActiveKey(t *testing.T) {
	next, active, retired := signingKey(t, "EdDSA", Next), signingKey(t, "ES256", Active), signingKey(t, "RS256", Retired)
	set, err := ParseSigningSet(docOf(t, next, active, retired))
	if err != nil || set.Active.ID != active.ID {
		t.Fatalf("got %v, %v, want key %s", set, err, active.ID)
	}
	public := active.publicOnly()
	public.Status = Active
	if _, err := ParseSigningSet(docOf(t, public)); err == nil {
		t.Error("a public document: got a signing set, want an error")
	}
	if _, err := ParsePublicSet(docOf(t, public)); err != nil {
		t.Errorf("a public document: got %v, want a public set", err)
	}
	retired.N = "AQAB"
	if _, err := ParseSigningSet(docOf(t, next, active, retired)); err == nil {
		t.Error("a damaged key beside the active one: got no error")
	}
}

func TestDocumentsKeepEveryMember(t *testing.T) {
	want := signingKey(t, "RS256", Active)
	var doc struct{ Keys []JWK }
	if err := json.Unmarshal(docOf(t, want), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Keys) != 1 || doc.Keys[0] != want {
		t.Errorf("got %v, want %v", doc.Keys, want)
	}
}
