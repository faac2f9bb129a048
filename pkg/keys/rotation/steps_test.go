package rotation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

// wantError: the step is refused for this reason, nothing is current that was not, and the error quotes no key.
func wantError(t *testing.T, w *world, r *rotation.Rotation, err error, reason string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("%v does not say %q", err, reason)
	}
	for _, j := range append(w.current(r).Keys, w.document(r.ARN, fakesm.Pending).Keys...) {
		for _, secret := range []string{j.D, j.K} {
			if secret != "" && (strings.Contains(w.logs.String(), secret) || err != nil && strings.Contains(err.Error(), secret)) {
				t.Error("a private key is in the logs or the error")
			}
		}
	}
}

// Law 8: the four steps, each repeated, make exactly one new current document; the old one stays readable.
func TestFourIdempotentSteps(t *testing.T) {
	both(t, func(t *testing.T, w *world, r *rotation.Rotation) {
		w.rotate(r)
		for range 3 {
			w.pass(rotation.MinNextAge)
			before := w.current(r)
			token := w.start(r)
			for i, step := range steps {
				for range 3 {
					if err := w.step(r, step, token); err != nil {
						t.Fatalf("%s: %v", step, err)
					}
				}
				for _, repeated := range steps[:i] { // as after a crash
					if err := w.step(r, repeated, token); err != nil {
						t.Fatalf("%s after %s: %v", repeated, step, err)
					}
				}
				if now := ids(w.current(r)); step != "finishSecret" && now != ids(before) {
					t.Errorf("%s changed the current document", step)
				}
			}
			after := w.current(r)
			if the(t, after, keys.Active).ID != the(t, before, keys.Next).ID || w.fake.Version(r.ARN, fakesm.Current) != token {
				t.Error("the next key is not active, or another version is current")
			}
		}
	})
}

// A key is published in JWKS before it signs, private members never are, and a too early rotation publishes nothing.
func TestKeysArePublishedBeforeTheySign(t *testing.T) {
	w := newWorld(t)
	token := w.start(w.signing)
	for _, step := range steps {
		if err := w.step(w.signing, step, token); err != nil {
			t.Fatal(err)
		}
		public := w.document(w.public, fakesm.Current)
		if published := len(public.Keys) == 2; published != (step != "createSecret") {
			t.Errorf("after %s %d keys are published", step, len(public.Keys))
		}
		for _, j := range public.Keys {
			if j.D+j.P+j.Q+j.K != "" {
				t.Error("a private half is published")
			}
		}
	}
	puts := w.fake.Calls("PutSecretValue")
	w.rotate(w.signing)
	if w.fake.Calls("PutSecretValue") != puts+1 || !strings.Contains(w.logs.String(), `"outcome":"kept"`) {
		t.Error("a rotation that changes nothing published something, or does not say so")
	}
}

// The guards of AWS's contract: each misuse is an error that says what is wrong, and changes nothing.
func TestMisusedStepsAreRefused(t *testing.T) {
	both(t, func(t *testing.T, w *world, r *rotation.Rotation) {
		w.rotate(r)
		w.pass(rotation.MinNextAge)
		done := w.fake.Version(r.ARN, fakesm.Current)
		token := w.start(r)
		before := w.current(r)
		wantError(t, w, r, w.step(r, "rotateSecret", token), "unknown step")
		for _, step := range steps {
			if err := w.step(r, step, done); err != nil {
				t.Errorf("%s for the current version: %v", step, err)
			}
			wantError(t, w, r, w.step(r, step, "22222222-2222-4222-8222-000000000000"), "has no version")
			wantError(t, w, r, w.step(r, step, ""), "has no version")
		}
		for _, step := range steps[2:] {
			wantError(t, w, r, w.step(r, step, token), "holds nothing") // out of order
		}
		previous := w.fake.Version(r.ARN, fakesm.Previous)
		for _, step := range steps {
			wantError(t, w, r, w.step(r, step, previous), "is not AWSPENDING")
		}
		other := *r
		other.ARN = "arn:other"
		wantError(t, w, r, w.step(&other, "createSecret", token), "") // unknown to Secrets Manager
		_, err := r.Handle(t.Context(), []byte(`{"Step":"createSecret","SecretId":"arn:other","ClientRequestToken":"`+token+`"}`))
		wantError(t, w, r, err, "does not rotate")
		w.fake.DisableRotation(r.ARN)
		for _, step := range steps {
			wantError(t, w, r, w.step(r, step, token), "not enabled")
		}
		if ids(w.current(r)) != ids(before) {
			t.Error("the current document changed")
		}
	})
}

func TestEventsThatAreNoStepAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, raw := range []string{
		``, `null`, `[]`, `{}`, `"createSecret"`, `{"step":""}`, `{"dropKeyId":""}`, `{"dropKeyId":1}`, `{"dropKeyID":"x","more":1}`,
		`{"SecretId":"x"}`, `{"Step":1}`,
	} {
		if out, err := w.signing.Handle(t.Context(), []byte(raw)); !errors.Is(err, rotation.ErrInput) || out != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	if w.fake.Calls("GetSecretValue")+w.fake.Calls("DescribeSecret") != 0 {
		t.Error("Secrets Manager was asked")
	}
}

// A secret that holds something else than keys is never overwritten.
func TestADamagedSecretIsKept(t *testing.T) {
	for _, value := range []string{"", "secret-text", "{}", `{"keys":null}`, `{"keys":[{"kid":"a","k":"secret-text"}]}`} {
		w := newWorld(t)
		w.tokens.ARN = w.fake.Create("damaged", value)
		err := w.step(w.tokens, "createSecret", w.start(w.tokens))
		if err == nil || strings.Contains(err.Error(), "secret-text") {
			t.Errorf("%q: %v", value, err)
		}
		if now, _ := w.fake.Value(w.tokens.ARN, fakesm.Current); now != value {
			t.Errorf("%q was replaced", value)
		}
	}
}

// Throttling, server errors and lost replies of any call are borne within a step; longer ones end it, and the
// repeated step goes on.
func TestBadMomentsOfSecretsManagerAreBorne(t *testing.T) {
	operations := []string{"DescribeSecret", "GetSecretValue"}
	writes := map[string]string{"createSecret": "PutSecretValue", "finishSecret": "UpdateSecretVersionStage"}
	for _, f := range []fakesm.Failure{fakesm.Throttled, fakesm.Internal, fakesm.LostReply} {
		both(t, func(t *testing.T, w *world, r *rotation.Rotation) {
			w.rotate(r)
			w.pass(rotation.MinNextAge)
			before := w.current(r)
			token := w.start(r)
			for _, step := range steps {
				w.fake.Fail("DescribeSecret", f)
				if step != "setSecret" || r == w.signing {
					w.fake.Fail("GetSecretValue", f)
				}
				if write := writes[step]; write != "" {
					w.fake.Fail(write, f)
				}
				if err := w.step(r, step, token); err != nil {
					t.Fatalf("%s: %v", step, err)
				}
			}
			if the(t, w.current(r), keys.Active).ID != the(t, before, keys.Next).ID {
				t.Error("the rotation did not go through")
			}
		})
	}
	both(t, func(t *testing.T, w *world, r *rotation.Rotation) {
		token := w.start(r)
		for _, step := range steps {
			for _, operation := range operations {
				w.fake.Fail(operation, slices.Repeat([]fakesm.Failure{fakesm.Throttled}, 4)...)
				for w.step(r, step, token) != nil {
				}
			}
		}
		if len(w.current(r).Keys) != 2 {
			t.Error("the rotation did not go through")
		}
	})
}

// A rotation that is finished later than MaxPending after it began would let a next key sign too early one day.
func TestAStaleRotationIsCancelledAndTheNextOneWorks(t *testing.T) {
	both(t, func(t *testing.T, w *world, r *rotation.Rotation) {
		w.rotate(r)
		w.pass(rotation.MinNextAge)
		before := ids(w.current(r))
		token := w.start(r)
		for _, step := range steps[:3] {
			if err := w.step(r, step, token); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(rotation.MaxPending + time.Second)
		wantError(t, w, r, w.step(r, "finishSecret", token), "begin a new one")
		wantError(t, w, r, w.step(r, "finishSecret", token), "version")
		if ids(w.current(r)) != before || w.fake.Version(r.ARN, fakesm.Pending) != "" {
			t.Error("the keys changed, or the pending version blocks what comes after")
		}
		w.rotate(r)
	})
}

// testSecret finds what the earlier steps may have missed.
func TestTestSecretFindsUnpublishedKeys(t *testing.T) {
	w := newWorld(t)
	token := w.start(w.signing)
	if err := w.step(w.signing, "createSecret", token); err != nil {
		t.Fatal(err)
	}
	wantError(t, w, w.signing, w.step(w.signing, "testSecret", token), "not published")
}
