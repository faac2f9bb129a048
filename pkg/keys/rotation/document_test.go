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
		t.Fatalf("%s instead of %s: %v", outcome, want, err)
	}
	if err := k.Test(next); err != nil {
		t.Fatal(err)
	}
	return next
}

// The first rotation makes an active and a next key; each later one moves every key one place on, with its time.
func TestKeysGoFromNextToActiveToRetiredToGone(t *testing.T) {
	for name, k := range kinds() {
		first := advance(t, k, keys.Document{}, noon, rotation.First)
		a, n := the(t, first, keys.Active), the(t, first, keys.Next)
		if len(first.Keys) != 2 || a.Created != noon.Unix() || a.Activated != noon.Unix() || n.Created != noon.Unix() || n.Activated != 0 {
			t.Errorf("%s: the first keys are not as they should be", name)
		}
		later := noon.Add(rotation.MinNextAge)
		second := advance(t, k, first, later, rotation.Rotated)
		if got := the(t, second, keys.Active); got.ID != n.ID || got.Activated != later.Unix() || got.Created != n.Created {
			t.Errorf("%s: the next key did not become the active one", name)
		}
		retired := the(t, second, keys.Retired)
		if retired.ID != a.ID || retired.Retired != later.Unix() || retired.Activated != a.Activated {
			t.Errorf("%s: the active key did not retire", name)
		}
		if private := retired.D + retired.P + retired.Q; private != "" || (name == "token keys") != (retired.K == a.K && a.K != "") {
			t.Errorf("%s: a retired signing key keeps its private half, or a token key does not", name)
		}
		if fresh := the(t, second, keys.Next); fresh.ID == n.ID || fresh.ID == a.ID || fresh.Created != later.Unix() {
			t.Errorf("%s: there is no fresh next key", name)
		}
		third := advance(t, k, second, later.Add(k.Keep()-time.Second), rotation.Rotated)
		if _, found := third.Find(a.ID); !found {
			t.Errorf("%s: a retired key left before its last token", name)
		}
		third = advance(t, k, second, later.Add(k.Keep()), rotation.Rotated)
		if _, found := third.Find(a.ID); found {
			t.Errorf("%s: a retired key stays for ever", name)
		}
	}
}

// A next key that may not be known everywhere yet makes nothing: the rotation changes nothing.
func TestARotationTooEarlyKeepsTheActiveKey(t *testing.T) {
	for name, k := range kinds() {
		first := advance(t, k, keys.Document{}, noon, rotation.First)
		for _, early := range []time.Duration{-time.Hour, 0, time.Second, rotation.MinNextAge - time.Second} {
			kept := advance(t, k, first, noon.Add(early), rotation.Kept)
			if !slices.Equal(kept.Keys, first.Keys) {
				t.Errorf("%s: %s after the first rotation the keys changed", name, early)
			}
		}
	}
}

// Keys made by hand, without times, count from the first rotation that sees them.
func TestKeysWithoutTimesCountFromNow(t *testing.T) {
	k := tokenKeys()
	doc := keys.Document{Keys: []keys.JWK{made(t, k, keys.Active), made(t, k, keys.Next), made(t, k, keys.Next), made(t, k, keys.Retired)}}
	kept := advance(t, k, doc, noon, rotation.Kept)
	if len(kept.Keys) != 4 || kept.Keys[1].Created != noon.Unix() || kept.Keys[3].Retired != noon.Unix() {
		t.Fatal("they were promoted, dropped or not dated")
	}
	rotated := advance(t, k, kept, noon.Add(rotation.MinNextAge), rotation.Rotated)
	if the(t, rotated, keys.Active).ID != doc.Keys[1].ID || the(t, rotated, keys.Next).ID != doc.Keys[2].ID {
		t.Error("of two next keys not exactly one was promoted")
	}
	alone := advance(t, k, keys.Document{Keys: doc.Keys[:1]}, noon, rotation.Kept)
	if the(t, alone, keys.Active).ID != doc.Keys[0].ID || the(t, alone, keys.Next).Created != noon.Unix() {
		t.Error("an active key alone did not get a next one beside it")
	}
}

// Law 8: the key set allows every algorithm, mixed; a change of algorithm signs after two rotations.
func TestTheAlgorithmChangesOverTwoRotations(t *testing.T) {
	doc := advance(t, signingKeys("ES256"), keys.Document{}, noon, rotation.First)
	for i, want := range []string{"ES256", "EdDSA", "EdDSA"} {
		now := noon.Add(time.Duration(i+1) * 2 * time.Hour)
		doc = advance(t, signingKeys("EdDSA"), doc, now, rotation.Rotated)
		if got := the(t, doc, keys.Active).Alg; got != want {
			t.Errorf("rotation %d signs %s", i+1, got)
		}
	}
	if _, _, err := signingKeys("HS256").Advance(keys.Document{}, noon); err == nil {
		t.Error("made a symmetric signing key")
	}
}

// Dropping the active key promotes the next one at once; dropping any other leaves the active one where it is.
func TestDropTakesOneKeyAndFillsItsPlace(t *testing.T) {
	k := tokenKeys()
	doc := advance(t, k, advance(t, k, keys.Document{}, noon, rotation.First), noon.Add(2*time.Hour), rotation.Rotated)
	now := noon.Add(2*time.Hour + time.Second)
	for _, leaving := range doc.Keys {
		left, err := k.Drop(doc, leaving.ID, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := left.Find(leaving.ID); found || k.Test(left) != nil {
			t.Errorf("the %s key is still there, or the rest is not usable", leaving.Status)
		}
		active, next := the(t, left, keys.Active), the(t, left, keys.Next)
		switch leaving.Status {
		case keys.Active:
			if active.ID != the(t, doc, keys.Next).ID || active.Activated != now.Unix() || next.Created != now.Unix() {
				t.Error("the next key was not promoted")
			}
		case keys.Next:
			if active != the(t, doc, keys.Active) || next.Created != now.Unix() {
				t.Error("the next key was not replaced, or the active one changed")
			}
		case keys.Retired:
			if active != the(t, doc, keys.Active) || next != the(t, doc, keys.Next) {
				t.Error("another key changed")
			}
		}
	}
}

// The schedules that the template allows never fill a secret: 65 536 bytes.
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
			t.Errorf("%s: %d keys are %d bytes: %v", name, len(doc.Keys), len(raw), err)
		}
	}
}
