package rotation_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

const eventsDir = "../../../events"

func derived(name string) []byte {
	sum := sha256.Sum256([]byte("rotation events/" + name))
	return sum[:]
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// derivedKey is a key whose id is the same in every run, so that an event file may name it.
func derivedKey(signs bool, status keys.Status) keys.JWK {
	name := string(status)
	if !signs {
		return keys.JWK{KeyType: "oct", ID: fmt.Sprintf("%x", derived(name)[:4]), Alg: "HS256", Status: status, Created: 1, K: b64(derived(name))}
	}
	x := b64(ed25519.NewKeyFromSeed(derived(name)).Public().(ed25519.PublicKey))
	thumbprint := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":%q}`, x))
	return keys.JWK{
		KeyType: "OKP", Curve: "Ed25519", ID: b64(thumbprint[:]), Alg: "EdDSA", Use: "sig", Status: status, Created: 1,
		X: x, D: b64(derived(name)),
	}
}

// withDerivedKeys is a fixture whose two secrets hold an active and a next key, published.
func withDerivedKeys(t *testing.T) *fixture {
	t.Helper()
	w := newFixture(t)
	put := func(signs, public bool) string {
		doc := keys.Document{Keys: []keys.JWK{derivedKey(signs, keys.Active), derivedKey(signs, keys.Next)}}
		if public {
			doc = doc.Public()
		}
		raw, err := doc.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	w.fake.Create("signing-keys", put(true, false))
	w.fake.Create("public-keys", put(true, true))
	w.fake.Create("token-keys", put(false, false))
	return w
}

// In this order: the four steps, a repeated one, and what operators and mistakes send.
func TestEveryRotationEventIsReplayed(t *testing.T) {
	rows := []struct{ name, want string }{
		{"", ""},
		{"-set", ""},
		{"-test", ""},
		{"-retry", ""},
		{"-finish", ""},
		{"-unknown-step", "unknown step"},
		{"-wrong-secret", "does not rotate"},
		{"-malformed", "neither a step"},
		{"-drop", ""},
		{"-drop-unknown", "no key"},
	}
	known := map[string]bool{}
	both(t, func(t *testing.T, _ *fixture, r *rotation.Rotation) {
		op, w := r.Operation, withDerivedKeys(t)
		r = map[string]*rotation.Rotation{"rotate-signing-keys": w.signing, "rotate-token-keys": w.tokens}[op]
		before := w.current(r)
		var token string
		for _, row := range rows {
			file := op + row.name + ".json"
			known[file] = true
			raw, err := os.ReadFile(filepath.Join(eventsDir, file))
			if err != nil {
				t.Fatal(err)
			}
			if token == "" {
				token = begin(t, w, r, raw)
			}
			_, err = r.Handle(t.Context(), raw)
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("%s: got %v, want %q", file, err, row.want)
			}
			if row.name == "-finish" && the(t, w.current(r), keys.Active).ID != the(t, before, keys.Next).ID {
				t.Error("the next key is not active after the four steps, want it active")
			}
		}
		w.wantGone(r, the(t, before, keys.Active).ID)
	})
	files, err := filepath.Glob(eventsDir + "/rotate-*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !known[filepath.Base(file)] {
			t.Errorf("%s is replayed by no test: add a row, or remove it", file)
		}
	}
}

// begin starts the rotation that an event names.
func begin(t *testing.T, w *fixture, r *rotation.Rotation, raw []byte) string {
	t.Helper()
	var e rotation.Event
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	if e.SecretID != r.ARN {
		t.Fatalf("the event names %s, want %s", e.SecretID, r.ARN)
	}
	w.fake.StartRotation(r.ARN, e.ClientRequestToken)
	if w.fake.Version(r.ARN, fakesm.Pending) != e.ClientRequestToken {
		t.Fatal("no version is pending, want the one of the event")
	}
	return e.ClientRequestToken
}
