package rotation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
)

const day = 24 * time.Hour

// pastOf are the past keys of a document, in their order.
func pastOf(doc keys.Document) []string {
	var kids []string
	for _, j := range doc.Keys {
		if j.Status == keys.Past {
			kids = append(kids, j.ID)
		}
	}
	return kids
}

// Laws 6 and 8: what is left of a key is remembered for 400 days. Nobody drops it twice.
func TestPastKeysAreForgottenAfter400Days(t *testing.T) {
	for name, k := range kinds() {
		doc := advance(t, k, keys.Document{}, noon, rotation.First)
		leaked := the(t, doc, keys.Active).ID
		doc, err := k.Drop(doc, leaked, noon)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := k.Drop(doc, leaked, noon.Add(day)); err != nil || !slices.Equal(again.Keys, doc.Keys) {
			t.Errorf("%s: a second drop: got keys %v, %v, want %v", name, again.Keys, err, doc.Keys)
		}
		for after, want := range map[time.Duration]bool{day: true, 400*day - time.Second: true, 400 * day: false} {
			later := advance(t, k, doc, noon.Add(after), rotation.Rotated)
			if _, found := later.Find(leaked); found != want {
				t.Errorf("%s, after %s: got remembered %v, want %v", name, after, found, want)
			}
		}
	}
}

// rsaKeys are made by hand: of so many bits, with ids of their own. Making them takes no time.
func rsaKeys(bits int) rotation.Kind {
	k, made := signingKeys("RS256"), 0
	k.Make = func(status keys.Status) (keys.JWK, error) {
		made++
		number := func(bits int) string { return strings.Repeat("n", (bits+5)/6) }
		return keys.JWK{
			KeyType: "RSA", ID: fmt.Sprintf("%043d", made), Alg: "RS256", Use: "sig", Status: status,
			N: number(bits), E: "AQAB", D: number(bits), P: number(bits / 2), Q: number(bits / 2),
		}, nil
	}
	return k
}

// The oldest past keys leave, and whatever their size the document fits into a secret: 65 536 bytes.
func TestPastKeysAreAtMost64AndFit(t *testing.T) {
	all := kinds()
	all["RS256"], all["RSA of 8192 bits"] = rsaKeys(2048), rsaKeys(8192)
	for name, k := range all {
		now := noon
		doc, _, err := k.Advance(keys.Document{}, now)
		if err != nil {
			t.Fatal(err)
		}
		var dropped []string
		for range 70 {
			now = now.Add(day)
			kid := the(t, doc, keys.Active).ID
			dropped = append(dropped, kid)
			if doc, err = k.Drop(doc, kid, now); err != nil {
				t.Fatal(err)
			}
		}
		doc.From, doc.Made = strings.Repeat("f", 36), now.Unix()
		raw, err := doc.Marshal()
		if err != nil || len(raw) > 65_536 {
			t.Errorf("%s: got %d bytes, %v, want at most 65536", name, len(raw), err)
		}
		left := pastOf(doc)
		if enough := len(left) == 64 || name == "RSA of 8192 bits" && len(raw) > 60_000; !enough || !slices.Equal(left, dropped[70-len(left):]) {
			t.Errorf("%s: got %d past keys in %d bytes, want the latest 64 of 70, or as many as fit", name, len(left), len(raw))
		}
		checkPast(t, doc)
	}
}
