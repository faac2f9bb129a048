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

// wantError wants an error with this reason, and no key in the error or the logs.
func wantError(t *testing.T, w *harness, r *rotation.Rotation, err error, reason string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want %q in it", err, reason)
	}
	for _, j := range append(w.current(r).Keys, w.document(r.ARN, fakesm.Pending).Keys...) {
		for _, secret := range []string{j.D, j.K} {
			if secret != "" && (strings.Contains(w.logs.String(), secret) || err != nil && strings.Contains(err.Error(), secret)) {
				t.Error("the logs or the error hold a private key, want none")
			}
		}
	}
}

// Law 8: the four steps, each of them repeated, make exactly one new current document.
func TestRepeatedStepsMakeOneNewDocument(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		w.rotate(r)
		for range 3 {
			w.Pass(rotation.MinNextAge)
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
					t.Errorf("%s: got current keys %s, want %s", step, now, ids(before))
				}
			}
			after := w.current(r)
			if the(t, after, keys.Active).ID != the(t, before, keys.Next).ID || w.fake.Version(r.ARN, fakesm.Current) != token {
				t.Errorf("got active key %s, version %s, want %s, %s", the(t, after, keys.Active).ID, w.fake.Version(r.ARN, fakesm.Current), the(t, before, keys.Next).ID, token)
			}
		}
	})
}

// A key is published before it signs, private members never are, and a rotation that is too early publishes nothing.
func TestKeysArePublishedBeforeTheySign(t *testing.T) {
	w := newHarness(t)
	token := w.start(w.signing)
	for _, step := range steps {
		if err := w.step(w.signing, step, token); err != nil {
			t.Fatal(err)
		}
		public := w.document(w.public, fakesm.Current)
		if published := len(public.Keys) == 2; published != (step != "createSecret") {
			t.Errorf("after %s: got %d published keys, want 2 from setSecret on", step, len(public.Keys))
		}
		for _, j := range public.Keys {
			if j.D+j.P+j.Q+j.K != "" {
				t.Error("a private member is published, want none")
			}
		}
	}
	puts := w.fake.Calls("PutSecretValue")
	w.rotate(w.signing)
	if w.fake.Calls("PutSecretValue") != puts+1 || !strings.Contains(w.logs.String(), `"outcome":"kept"`) {
		t.Errorf("got %d writes and logs %s, want one write and outcome kept", w.fake.Calls("PutSecretValue")-puts, w.logs.String())
	}
}

// What AWS requires of a rotation function: each misuse is an error that names the mistake, and changes nothing.
func TestMisusedStepsAreRefused(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		w.rotate(r)
		w.Pass(rotation.MinNextAge)
		done := w.fake.Version(r.ARN, fakesm.Current)
		token := w.start(r)
		before := w.current(r)
		wantError(t, w, r, w.step(r, "rotateSecret", token), "unknown step")
		for _, step := range steps {
			if err := w.step(r, step, done); err != nil {
				t.Errorf("%s of the current version: got %v, want success", step, err)
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
			t.Errorf("got current keys %s, want %s", ids(w.current(r)), ids(before))
		}
	})
}

func TestOtherInputsAreRefused(t *testing.T) {
	w := newHarness(t)
	for _, raw := range []string{
		``, `null`, `[]`, `{}`, `"createSecret"`, `{"step":""}`, `{"dropKeyId":""}`, `{"dropKeyId":1}`, `{"dropKeyID":"x","more":1}`,
		`{"SecretId":"x"}`, `{"Step":1}`,
	} {
		if out, err := w.signing.Handle(t.Context(), []byte(raw)); !errors.Is(err, rotation.ErrInput) || out != nil {
			t.Errorf("%s: got %v, %v, want %v", raw, out, err, rotation.ErrInput)
		}
	}
	if w.fake.Calls("GetSecretValue")+w.fake.Calls("DescribeSecret") != 0 {
		t.Error("got calls of Secrets Manager, want none")
	}
}

// A secret that holds anything but keys is never overwritten.
func TestADamagedSecretIsKept(t *testing.T) {
	for _, value := range []string{"", "secret-text", "{}", `{"keys":null}`, `{"keys":[{"kid":"a","k":"secret-text"}]}`} {
		w := newHarness(t)
		w.tokens.ARN = w.fake.Create("damaged", value)
		err := w.step(w.tokens, "createSecret", w.start(w.tokens))
		if err == nil || strings.Contains(err.Error(), "secret-text") {
			t.Errorf("%q: got %v, want an error without the value", value, err)
		}
		if now, _ := w.fake.Value(w.tokens.ARN, fakesm.Current); now != value {
			t.Errorf("got %q, want %q unchanged", now, value)
		}
	}
}

// A step tolerates throttling, server errors and lost replies of any call. Longer failures end it, and the repeated step
// completes it.
func TestStepsTolerateFailuresOfSecretsManager(t *testing.T) {
	operations := []string{"DescribeSecret", "GetSecretValue"}
	writes := map[string]string{"createSecret": "PutSecretValue", "finishSecret": "UpdateSecretVersionStage"}
	for _, f := range []fakesm.Failure{fakesm.Throttled, fakesm.Internal, fakesm.LostReply} {
		both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
			w.rotate(r)
			w.Pass(rotation.MinNextAge)
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
				t.Error("the next key is not active, want it active")
			}
		})
	}
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		token := w.start(r)
		for _, step := range steps {
			for _, operation := range operations {
				w.fake.Fail(operation, slices.Repeat([]fakesm.Failure{fakesm.Throttled}, 4)...)
				for w.step(r, step, token) != nil {
				}
			}
		}
		if len(w.current(r).Keys) != 2 {
			t.Errorf("got %d keys, want 2", len(w.current(r).Keys))
		}
	})
}

// A rotation that ends later than MaxPending after its begin would record times that are too early.
func TestAStaleRotationIsCancelledAndTheNextOneWorks(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		w.rotate(r)
		w.Pass(rotation.MinNextAge)
		before := ids(w.current(r))
		token := w.start(r)
		for _, step := range steps[:3] {
			if err := w.step(r, step, token); err != nil {
				t.Fatal(err)
			}
		}
		w.Pass(rotation.MaxPending + time.Second)
		wantError(t, w, r, w.step(r, "finishSecret", token), "begin a new one")
		wantError(t, w, r, w.step(r, "finishSecret", token), "version")
		if ids(w.current(r)) != before || w.fake.Version(r.ARN, fakesm.Pending) != "" {
			t.Errorf("got keys %s and pending version %q, want %s and none", ids(w.current(r)), w.fake.Version(r.ARN, fakesm.Pending), before)
		}
		w.rotate(r)
	})
}

func TestTestSecretRefusesUnpublishedKeys(t *testing.T) {
	w := newHarness(t)
	token := w.start(w.signing)
	if err := w.step(w.signing, "createSecret", token); err != nil {
		t.Fatal(err)
	}
	wantError(t, w, w.signing, w.step(w.signing, "testSecret", token), "not published")
}
