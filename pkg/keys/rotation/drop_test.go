package rotation_test

import (
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

// everywhere lists the documents that are current or may become current.
func (w *harness) everywhere(r *rotation.Rotation) []keys.Document {
	docs := []keys.Document{w.current(r), w.document(r.ARN, fakesm.Pending)}
	if r.PublicARN != "" {
		docs = append(docs, w.document(r.PublicARN, fakesm.Current))
	}
	return docs
}

func (w *harness) wantGone(r *rotation.Rotation, kid string) {
	w.t.Helper()
	for _, doc := range w.everywhere(r) {
		if uses(doc, kid) {
			w.t.Errorf("key %s is used in a document, want it in none", kid)
		}
		checkPast(w.t, doc)
	}
	if _, published := w.document(w.public, fakesm.Current).Find(kid); published {
		w.t.Errorf("key %s is published, want it past at most", kid)
	}
}

// An emergency removes a key of any status from both documents at once, at any time.
func TestALeakedKeyIsDroppedAtOnce(t *testing.T) {
	for _, status := range []keys.Status{keys.Active, keys.Next, keys.Retired} {
		both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
			w.rotate(r)
			w.Pass(rotation.MinNextAge)
			w.rotate(r)
			before := w.current(r)
			leaked := the(t, before, status)
			out, err := w.drop(r, leaked.ID)
			if err != nil {
				t.Fatal(err)
			}
			w.wantGone(r, leaked.ID)
			after := w.current(r)
			left, remembered := after.Find(leaked.ID)
			if wanted := !r.Keys.Public || status != keys.Next; remembered != wanted || remembered && left.Past != w.Now().Unix() {
				t.Errorf("a dropped %s key: got remembered %v of %d, want %v of now", status, remembered, left.Past, wanted)
			}
			want := the(t, before, keys.Active).ID
			if status == keys.Active {
				want = the(t, before, keys.Next).ID
			}
			if the(t, after, keys.Active).ID != want || out.ActiveID != want || out.NextID != the(t, after, keys.Next).ID || out.KeyID != leaked.ID {
				t.Errorf("got %+v, want active key %s", out, want)
			}
			if r.PublicARN != "" && !slices.Equal(w.document(r.PublicARN, fakesm.Current).Keys, after.Public().Keys) {
				t.Error("the public document has other keys than the private one, want the same")
			}
			if advised := out.Sessions != nil && out.Sessions.Operation == "delete-by-application"; advised == r.Keys.Public {
				t.Errorf("got %+v, want the end of the sessions of a token key, and of no signing key", out.Sessions)
			}
			if _, err := w.drop(r, leaked.ID); err == nil {
				t.Error("a second drop: got no error")
			}
			w.Pass(rotation.MinNextAge)
			w.rotate(r) // rotations still work
			w.wantGone(r, leaked.ID)
		})
	}
}

// A pending rotation cannot bring a dropped key back, after any of its steps.
func TestADropCancelsAPendingRotation(t *testing.T) {
	for begun := range 4 {
		for _, status := range []keys.Status{keys.Active, keys.Next} {
			both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
				w.rotate(r)
				w.Pass(rotation.MinNextAge)
				token := w.start(r)
				for _, step := range steps[:begun] {
					if err := w.step(r, step, token); err != nil {
						t.Fatal(err)
					}
				}
				leaked := the(t, w.current(r), status).ID
				if _, err := w.drop(r, leaked); err != nil {
					t.Fatal(err)
				}
				for _, step := range steps {
					if err := w.step(r, step, token); err == nil {
						t.Errorf("%s of the cancelled rotation: got no error", step)
					}
					w.wantGone(r, leaked)
				}
			})
		}
	}
}

// A late createSecret may store the old document as pending; it becomes neither current nor published.
func TestAnOvertakenDocumentIsCancelled(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		w.rotate(r)
		w.Pass(rotation.MinNextAge)
		leaked := the(t, w.current(r), keys.Active).ID
		token := w.start(r)
		if err := w.step(r, "createSecret", token); err != nil {
			t.Fatal(err)
		}
		if _, err := w.drop(r, leaked); err != nil {
			t.Fatal(err)
		}
		w.fake.StartRotation(r.ARN, token) // the late PutSecretValue takes AWSPENDING back
		if r.PublicARN != "" {
			wantError(t, w, r, w.step(r, "setSecret", token), "begin a new one")
			w.fake.StartRotation(r.ARN, token)
		}
		wantError(t, w, r, w.step(r, "finishSecret", token), "begin a new one")
		w.wantGone(r, leaked)
		w.rotate(r)
	})
}

// The next key of a pending rotation may leak too, before a current document has it.
func TestAPendingKeyCanBeDropped(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		w.rotate(r)
		w.Pass(rotation.MinNextAge)
		token := w.start(r)
		for _, step := range steps[:2] {
			if err := w.step(r, step, token); err != nil {
				t.Fatal(err)
			}
		}
		leaked := the(t, w.document(r.ARN, fakesm.Pending), keys.Next).ID
		before := w.current(r)
		if _, err := w.drop(r, leaked); err != nil {
			t.Fatal(err)
		}
		w.wantGone(r, leaked)
		if !slices.Equal(w.current(r).Keys, before.Keys) {
			t.Errorf("got keys %v, want %v", w.current(r).Keys, before.Keys)
		}
	})
}

func TestUnknownKeysAreNotDropped(t *testing.T) {
	both(t, func(t *testing.T, w *harness, r *rotation.Rotation) {
		if _, err := w.drop(r, "00000000"); err == nil {
			t.Error("an empty secret: got no error")
		}
		w.rotate(r)
		before := w.fake.Version(r.ARN, fakesm.Current)
		if _, err := w.drop(r, "00000000"); err == nil || w.fake.Version(r.ARN, fakesm.Current) != before {
			t.Errorf("an unknown key: got %v, version %s, want an error and %s", err, w.fake.Version(r.ARN, fakesm.Current), before)
		}
	})
}

// Not even in an emergency does a key sign before it is published: a drop that cannot publish changes nothing.
func TestADropPublishesBeforeAnythingSigns(t *testing.T) {
	w := newHarness(t)
	w.rotate(w.signing)
	before := w.current(w.signing)
	for range 2 {
		w.fake.Fail("PutSecretValue", slices.Repeat([]fakesm.Failure{fakesm.Throttled}, 15)...) // three times five attempts
		if _, err := w.drop(w.signing, the(t, before, keys.Active).ID); err == nil {
			t.Fatal("a drop that cannot publish: got no error")
		}
		if !slices.Equal(w.current(w.signing).Keys, before.Keys) {
			t.Errorf("got keys %v, want %v", w.current(w.signing).Keys, before.Keys)
		}
	}
	if _, err := w.drop(w.signing, the(t, before, keys.Active).ID); err != nil {
		t.Fatal(err)
	}
}
