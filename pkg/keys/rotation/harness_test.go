package rotation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

const placeholder = `{"keys":[]}`

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// harness is a Secrets Manager with the three secrets, and the two functions that rotate them.
type harness struct {
	*fixture.Clock

	t       testing.TB
	fake    *fakesm.Server
	client  *awssecrets.Client
	logs    bytes.Buffer
	started int

	signing, tokens            *rotation.Rotation
	signingARN, public, tokARN string
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	w := &harness{t: t, fake: fakesm.New(), Clock: fixture.NewClock(fixture.Noon())}
	w.client = w.fake.Client()
	w.signingARN = w.fake.Create("signing-keys", placeholder)
	w.public = w.fake.Create("public-keys", placeholder)
	w.tokARN = w.fake.Create("token-keys", placeholder)
	log := telemetry.Log{Logger: slog.New(slog.NewJSONHandler(&w.logs, nil))}
	w.signing = &rotation.Rotation{
		Operation: "rotate-signing-keys", Keys: signingKeys("ES256"), Secrets: w.client,
		ARN: w.signingARN, PublicARN: w.public, Now: w.Now, Log: log,
	}
	w.tokens = &rotation.Rotation{
		Operation: "rotate-token-keys", Keys: tokenKeys(), Secrets: w.client, ARN: w.tokARN, Now: w.Now, Log: log,
	}
	return w
}

// both runs a test on either function.
func both(t *testing.T, run func(*testing.T, *harness, *rotation.Rotation)) {
	t.Helper()
	t.Run("signing keys", func(t *testing.T) { w := newHarness(t); run(t, w, w.signing) })
	t.Run("token keys", func(t *testing.T) { w := newHarness(t); run(t, w, w.tokens) })
}

// start begins a rotation as Secrets Manager does and returns its token.
func (w *harness) start(r *rotation.Rotation) string {
	w.started++
	token := fmt.Sprintf("11111111-1111-4111-8111-%012d", w.started)
	w.fake.StartRotation(r.ARN, token)
	return token
}

func (w *harness) step(r *rotation.Rotation, step, token string) error {
	raw, err := json.Marshal(rotation.Event{Step: step, SecretID: r.ARN, ClientRequestToken: token})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = r.Handle(context.Background(), raw)
	return err
}

// rotate runs one whole rotation.
func (w *harness) rotate(r *rotation.Rotation) {
	w.t.Helper()
	token := w.start(r)
	for _, step := range steps {
		if err := w.step(r, step, token); err != nil {
			w.t.Fatalf("%s: got %v, want success", step, err)
		}
	}
	if got := w.fake.Version(r.ARN, fakesm.Current); got != token {
		w.t.Fatalf("got current version %s, want %s", got, token)
	}
}

func (w *harness) drop(r *rotation.Rotation, kid string) (*rotation.Dropped, error) {
	raw, err := json.Marshal(rotation.Drop{KeyID: kid})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Handle(context.Background(), raw)
}

// document is what a secret holds under a stage; the placeholder and nothing at all are no keys.
func (w *harness) document(arn, stage string) keys.Document {
	w.t.Helper()
	value, found := w.fake.Value(arn, stage)
	if !found || value == placeholder {
		return keys.Document{}
	}
	doc, err := keys.ParseDocument([]byte(value))
	if err != nil {
		w.t.Fatalf("%s of %s: %v", stage, arn, err)
	}
	return doc
}

func (w *harness) current(r *rotation.Rotation) keys.Document {
	return w.document(r.ARN, fakesm.Current)
}

// the is the one key of a status.
func the(t testing.TB, doc keys.Document, status keys.Status) keys.JWK {
	t.Helper()
	var found []keys.JWK
	for _, j := range doc.Keys {
		if j.Status == status {
			found = append(found, j)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d %s keys, want 1", len(found), status)
	}
	return found[0]
}

// uses reports whether a key makes or verifies anything but access tokens beside a refresh.
func uses(doc keys.Document, kid string) bool {
	j, found := doc.Find(kid)
	return found && j.Status != keys.Past
}

// checkPast wants that past keys have no secret, and that no document publishes one.
func checkPast(t testing.TB, doc keys.Document) {
	t.Helper()
	for _, j := range doc.Keys {
		if j.Status != keys.Past {
			continue
		}
		if _, published := doc.Public().Find(j.ID); published || j.D+j.P+j.Q+j.K != "" || j.Past == 0 {
			t.Errorf("past key %s of %d: got published %v, secret %v, want neither", j.ID, j.Past, published, j.D+j.P+j.Q+j.K != "")
		}
	}
}

func ids(doc keys.Document) string {
	var text string
	for _, j := range doc.Keys {
		text += j.ID + " "
	}
	return text
}
