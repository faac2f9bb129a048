package rotation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// signingKeys and tokenKeys are accepted for as long as settings can allow.
func signingKeys(alg string) rotation.Kind {
	return rotation.SigningKeys(alg, session.MaxAccessSeconds*time.Second+token.Skew)
}

func tokenKeys() rotation.Kind {
	return rotation.TokenKeys(session.MaxAbsoluteSeconds*time.Second + token.Skew)
}

func made(t *testing.T, k rotation.Kind, status keys.Status) keys.JWK {
	t.Helper()
	j, err := k.Make(status)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func kinds() map[string]rotation.Kind {
	return map[string]rotation.Kind{
		"ES256": signingKeys("ES256"), "EdDSA": signingKeys("EdDSA"), "RS256": signingKeys("RS256"),
		"token keys": tokenKeys(),
	}
}

func advance(t *testing.T, k rotation.Kind, doc keys.Document, now time.Time, want rotation.Outcome) keys.Document {
	t.Helper()
	next, outcome, err := k.Advance(doc, now)
	if err != nil || outcome != want {
		t.Fatalf("got %s, %v, want %s", outcome, err, want)
	}
	if err := k.Test(next); err != nil {
		t.Fatal(err)
	}
	return next
}

// The first rotation makes an active and a next key; each later one moves every key to its next status, with the time.
func TestKeysGoFromNextToActiveToRetiredToGone(t *testing.T) {
	for name, k := range kinds() {
		first := advance(t, k, keys.Document{}, noon, rotation.First)
		a, n := the(t, first, keys.Active), the(t, first, keys.Next)
		if len(first.Keys) != 2 || a.Created != noon.Unix() || a.Activated != noon.Unix() || n.Created != noon.Unix() || n.Activated != 0 {
			t.Errorf("%s: got %+v and %+v, want an active and a next key of now", name, a.WithoutPrivate(), n.WithoutPrivate())
		}
		later := noon.Add(rotation.MinNextAge)
		second := advance(t, k, first, later, rotation.Rotated)
		if got := the(t, second, keys.Active); got.ID != n.ID || got.Activated != later.Unix() || got.Created != n.Created {
			t.Errorf("%s: got active key %s of %d, want %s of %d", name, got.ID, got.Activated, n.ID, later.Unix())
		}
		retired := the(t, second, keys.Retired)
		if retired.ID != a.ID || retired.Retired != later.Unix() || retired.Activated != a.Activated {
			t.Errorf("%s: got retired key %s of %d, want %s of %d", name, retired.ID, retired.Retired, a.ID, later.Unix())
		}
		if private := retired.D + retired.P + retired.Q; private != "" || (name == "token keys") != (retired.K == a.K && a.K != "") {
			t.Errorf("%s: a retired key keeps its secret: got %v", name, retired.K != "" || private != "")
		}
		if fresh := the(t, second, keys.Next); fresh.ID == n.ID || fresh.ID == a.ID || fresh.Created != later.Unix() {
			t.Errorf("%s: got next key %s of %d, want a new one of %d", name, fresh.ID, fresh.Created, later.Unix())
		}
		third := advance(t, k, second, later.Add(k.Keep()-time.Second), rotation.Rotated)
		if !uses(third, a.ID) {
			t.Errorf("%s: a second before Keep: the retired key is gone, want it kept", name)
		}
		third = advance(t, k, second, later.Add(k.Keep()), rotation.Rotated)
		if left, found := third.Find(a.ID); uses(third, a.ID) || found != k.Public || found && left.Past != later.Add(k.Keep()).Unix() {
			t.Errorf("%s: at Keep: got %v of %d, want a public half of now, and no token key", name, found, left.Past)
		}
		checkPast(t, third)
	}
}

// A verifier may not know a next key before MinNextAge: such a rotation changes nothing.
func TestARotationTooEarlyKeepsTheActiveKey(t *testing.T) {
	for name, k := range kinds() {
		first := advance(t, k, keys.Document{}, noon, rotation.First)
		for _, early := range []time.Duration{-time.Hour, 0, time.Second, rotation.MinNextAge - time.Second} {
			kept := advance(t, k, first, noon.Add(early), rotation.Kept)
			if !slices.Equal(kept.Keys, first.Keys) {
				t.Errorf("%s, after %s: got keys %v, want %v", name, early, kept.Keys, first.Keys)
			}
		}
	}
}

// The age of a key that was made by hand, without times, counts from the first rotation that sees it.
func TestKeysWithoutTimesCountFromNow(t *testing.T) {
	k := tokenKeys()
	doc := keys.Document{Keys: []keys.JWK{made(t, k, keys.Active), made(t, k, keys.Next), made(t, k, keys.Next), made(t, k, keys.Retired)}}
	kept := advance(t, k, doc, noon, rotation.Kept)
	if len(kept.Keys) != 4 || kept.Keys[1].Created != noon.Unix() || kept.Keys[3].Retired != noon.Unix() {
		t.Fatalf("got keys %v, want all of them with the time of now", kept.Keys)
	}
	rotated := advance(t, k, kept, noon.Add(rotation.MinNextAge), rotation.Rotated)
	if the(t, rotated, keys.Active).ID != doc.Keys[1].ID || the(t, rotated, keys.Next).ID != doc.Keys[2].ID {
		t.Errorf("got keys %v, want one of the two next keys promoted", rotated.Keys)
	}
	alone := advance(t, k, keys.Document{Keys: doc.Keys[:1]}, noon, rotation.Kept)
	if the(t, alone, keys.Active).ID != doc.Keys[0].ID || the(t, alone, keys.Next).Created != noon.Unix() {
		t.Errorf("got keys %v, want the active key and a new next one", alone.Keys)
	}
}

// Law 8: the key set allows every algorithm, mixed; a change of algorithm signs after two rotations.
func TestTheAlgorithmChangesOverTwoRotations(t *testing.T) {
	doc := advance(t, signingKeys("ES256"), keys.Document{}, noon, rotation.First)
	for i, want := range []string{"ES256", "EdDSA", "EdDSA"} {
		now := noon.Add(time.Duration(i+1) * rotation.MinNextAge)
		doc = advance(t, signingKeys("EdDSA"), doc, now, rotation.Rotated)
		if got := the(t, doc, keys.Active).Alg; got != want {
			t.Errorf("rotation %d: got %s, want %s", i+1, got, want)
		}
	}
	if _, _, err := signingKeys("HS256").Advance(keys.Document{}, noon); err == nil {
		t.Error("HS256: got a signing key, want an error")
	}
}

// A drop of the active key promotes the next one at once; a drop of any other leaves the active one.
func TestDropRemovesOneKeyAndReplacesIt(t *testing.T) {
	k := tokenKeys()
	doc := advance(t, k, advance(t, k, keys.Document{}, noon, rotation.First), noon.Add(rotation.MinNextAge), rotation.Rotated)
	now := noon.Add(rotation.MinNextAge + time.Second)
	for _, leaving := range doc.Keys {
		left, err := k.Drop(doc, leaving.ID, now)
		if err != nil {
			t.Fatal(err)
		}
		if uses(left, leaving.ID) || k.Test(left) != nil {
			t.Errorf("dropped %s key: in use %v, the others: %v", leaving.Status, uses(left, leaving.ID), k.Test(left))
		}
		checkPast(t, left)
		active, next := the(t, left, keys.Active), the(t, left, keys.Next)
		switch leaving.Status {
		case keys.Active:
			if active.ID != the(t, doc, keys.Next).ID || active.Activated != now.Unix() || next.Created != now.Unix() {
				t.Errorf("got active key %s, want the next one, and a new next key", active.ID)
			}
		case keys.Next:
			if active != the(t, doc, keys.Active) || next.Created != now.Unix() {
				t.Errorf("got active key %s and next key of %d, want the same active key and a new next one", active.ID, next.Created)
			}
		case keys.Retired, keys.Past:
			if active != the(t, doc, keys.Active) || next != the(t, doc, keys.Next) {
				t.Errorf("got active key %s and next key %s, want them unchanged", active.ID, next.ID)
			}
		}
	}
}

// At the shortest interval that the template allows, the keys fit into a secret: 65 536 bytes.
func TestDocumentsFitAtTheShortestInterval(t *testing.T) {
	for name, k := range kinds() {
		interval := 24 * time.Hour
		if name == "token keys" {
			interval = 30 * 24 * time.Hour
		}
		j := made(t, k, keys.Active)
		j.Created, j.Activated, j.Retired = noon.Unix(), noon.Unix(), noon.Unix()
		var doc keys.Document
		for range int(k.Keep()/interval) + 4 {
			doc.Keys = append(doc.Keys, j)
		}
		raw, err := doc.Marshal()
		if err != nil || len(raw) > 65_536 {
			t.Errorf("%s: got %d bytes for %d keys, %v, want at most 65536", name, len(raw), len(doc.Keys), err)
		}
	}
}
