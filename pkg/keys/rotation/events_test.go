package rotation_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

const eventsDir = "../../../events"

// withRotationKeys has the secrets that the events name: an active and a next key, published.
func withRotationKeys(t *testing.T) *harness {
	t.Helper()
	w, k := newHarness(t), fixture.RotationKeys()
	w.fake.Create("signing-keys", string(k.Signing))
	w.fake.Create("public-keys", string(k.Public))
	w.fake.Create("token-keys", string(k.Token))
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
	both(t, func(t *testing.T, _ *harness, r *rotation.Rotation) {
		op, w := r.Operation, withRotationKeys(t)
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
	files, err := filepath.Glob(eventsDir + "/rotate-*-keys*.json")
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
func begin(t *testing.T, w *harness, r *rotation.Rotation, raw []byte) string {
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
