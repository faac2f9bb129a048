package rotation_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

var errCrash = errors.New("crashed")

// crasher ends a function at its n-th call of Secrets Manager, before or after the call; a negative n never ends it.
type crasher struct {
	rotation.Secrets

	left  int
	after bool
}

func (c *crasher) crash(call func()) error {
	c.left--
	if c.left == -1 {
		if c.after {
			call()
		}
		return errCrash
	}
	if c.left < -1 && c.left > -1000 {
		return errCrash // a crashed function makes no further calls
	}
	call()
	return nil
}

func (c *crasher) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, o ...func(*secretsmanager.Options),
) (out *secretsmanager.DescribeSecretOutput, err error) {
	crashed := c.crash(func() { out, err = c.Secrets.DescribeSecret(ctx, in, o...) })
	return out, errors.Join(crashed, err)
}

func (c *crasher) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, o ...func(*secretsmanager.Options),
) (out *secretsmanager.GetSecretValueOutput, err error) {
	crashed := c.crash(func() { out, err = c.Secrets.GetSecretValue(ctx, in, o...) })
	return out, errors.Join(crashed, err)
}

func (c *crasher) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, o ...func(*secretsmanager.Options),
) (out *secretsmanager.PutSecretValueOutput, err error) {
	crashed := c.crash(func() { out, err = c.Secrets.PutSecretValue(ctx, in, o...) })
	return out, errors.Join(crashed, err)
}

func (c *crasher) UpdateSecretVersionStage(ctx context.Context, in *secretsmanager.UpdateSecretVersionStageInput, o ...func(*secretsmanager.Options),
) (out *secretsmanager.UpdateSecretVersionStageOutput, err error) {
	crashed := c.crash(func() { out, err = c.Secrets.UpdateSecretVersionStage(ctx, in, o...) })
	return out, errors.Join(crashed, err)
}

// history is what verifiers have seen: since when each key verifies, until when the tokens that it made are valid, and
// which keys leaked.
type history struct {
	w         *harness
	r         *rotation.Rotation
	life      time.Duration // of what a key makes
	known     map[string]time.Time
	needed    map[string]time.Time
	active    string
	dropped   map[string]bool
	emergency bool // the active key was put there by a drop, or is the first one
}

// see is called after every event.
func (h *history) see(t *rapid.T) {
	now := h.w.Now()
	private, verifiable := h.w.current(h.r), h.w.current(h.r)
	if h.r.PublicARN != "" {
		verifiable = h.w.document(h.r.PublicARN, fakesm.Current)
	}
	for _, j := range verifiable.Keys {
		if _, seen := h.known[j.ID]; !seen {
			h.known[j.ID] = now
		}
		if h.dropped[j.ID] && j.Status != keys.Past {
			t.Fatalf("dropped key %s is in use again, want it in no document", j.ID)
		}
	}
	for kid, until := range h.needed {
		if !uses(verifiable, kid) && !h.dropped[kid] && now.Before(until) {
			t.Fatalf("key %s is gone, want it until its last token expires: %s", kid, until)
		}
	}
	if len(private.Keys) == 0 {
		return
	}
	checkPast(h.w.t, private)
	active := the(h.w.t, private, keys.Active)
	if h.active != "" && active.ID != h.active && !h.emergency {
		if since, seen := h.known[active.ID]; !seen || now.Sub(since) < 600*time.Second {
			t.Fatalf("key %s makes tokens %s after it was published, want 10 minutes", active.ID, now.Sub(since))
		}
	}
	if h.active != active.ID {
		// Containers use the former one for another 300 s.
		h.needed[h.active] = now.Add(keys.CacheFor + h.life + 60*time.Second)
	}
	h.active, h.emergency = active.ID, false
	h.needed[active.ID] = now.Add(keys.CacheFor + h.life + 60*time.Second)
	delete(h.needed, "")
}

// Random sequences of steps, crashes at any call, repetitions, drops and time end in one good current document. No key
// that may still verify is lost, none makes tokens before it is published for long enough, and none comes back.
func TestAnySequenceOfStepsEndsInOneGoodDocument(t *testing.T) {
	for name, signs := range map[string]bool{"signing keys": true, "token keys": false} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { schedule(t, rt, signs) })
		})
	}
}

func schedule(t *testing.T, rt *rapid.T, signs bool) {
	w := newHarness(t)
	r, life := w.tokens, 315_360_000*time.Second
	if signs {
		r, life = w.signing, 86_400*time.Second
		r.Keys = signingKeys("EdDSA") // the fastest to make
	}
	c := &crasher{Secrets: r.Secrets}
	r.Secrets = c
	h := &history{w: w, r: r, life: life, known: map[string]time.Time{}, needed: map[string]time.Time{}, dropped: map[string]bool{}}
	token := w.start(r)
	arm := func() {
		c.left, c.after = rapid.IntRange(0, 14).Draw(rt, "calls before the crash"), rapid.Bool().Draw(rt, "after the call")
	}
	for range rapid.IntRange(1, 40).Draw(rt, "events") {
		switch event := rapid.IntRange(0, 9).Draw(rt, "event"); event {
		case 0, 1, 2, 3, 4, 5:
			arm()
			_ = w.step(r, steps[event%4], token)
		case 6: // Secrets Manager begins no rotation while another version is pending
			if p := w.fake.Version(r.ARN, fakesm.Pending); p == "" || p == w.fake.Version(r.ARN, fakesm.Current) {
				token = w.start(r)
			}
		case 7:
			w.Pass(time.Duration(rapid.IntRange(0, 7200).Draw(rt, "seconds")) * time.Second)
		case 8:
			w.Pass(time.Duration(rapid.IntRange(1, 4000).Draw(rt, "days")) * 24 * time.Hour)
		case 9:
			doc := w.current(r)
			used := slices.DeleteFunc(doc.Keys, func(j keys.JWK) bool { return j.Status == keys.Past })
			if len(used) > 0 {
				h.drop(rt, c, arm, rapid.SampledFrom(used).Draw(rt, "key").ID)
			}
		}
		h.see(rt)
	}
	h.settle(rt, c, token)
}

// drop removes a key, and repeats it after a crash.
func (h *history) drop(rt *rapid.T, c *crasher, arm func(), kid string) {
	delete(h.needed, kid)
	h.emergency = true
	arm()
	_, err := h.w.drop(h.r, kid)
	h.see(rt)
	delete(h.needed, kid)
	if err != nil {
		c.left, h.emergency = -1000, true
		_, err = h.w.drop(h.r, kid)
	}
	for _, doc := range h.w.everywhere(h.r) {
		if uses(doc, kid) {
			rt.Fatalf("key %s is used in a document after the drop (%v), want it in none", kid, err)
		}
	}
	h.dropped[kid] = true
	if h.active == kid {
		h.active = ""
	}
}

// settle repeats the steps as Secrets Manager does, without crashes, then runs one whole rotation more.
func (h *history) settle(rt *rapid.T, c *crasher, token string) {
	c.left = -1000
	for _, step := range steps {
		if err := h.w.step(h.r, step, token); err != nil {
			break // overtaken, or too late
		}
		h.see(rt)
	}
	if p := h.w.fake.Version(h.r.ARN, fakesm.Pending); p != "" && p != h.w.fake.Version(h.r.ARN, fakesm.Current) {
		rt.Fatalf("version %s is pending, want none", p)
	}
	h.w.Pass(rotation.MinNextAge)
	before := h.w.current(h.r)
	h.w.rotate(h.r)
	h.see(rt)
	after := h.w.current(h.r)
	if err := h.r.Keys.Test(after); err != nil {
		rt.Fatal(err)
	}
	if len(before.Keys) > 0 && the(h.w.t, after, keys.Active).ID != the(h.w.t, before, keys.Next).ID {
		rt.Fatal("the next key is not active after a rotation, want it active")
	}
}
