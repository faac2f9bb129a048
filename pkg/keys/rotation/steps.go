package rotation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// ok is the outcome of a step that decides nothing.
const ok Outcome = "ok"

// standing is the stage of the version of a rotation: current, with nothing left to do, or pending. Any other is an
// error.
func (r *Rotation) standing(ctx context.Context, id string) (string, error) {
	versions, rotates, err := r.secret().stages(ctx)
	if err != nil {
		return "", err
	}
	stages, found := versions[id]
	switch {
	case !rotates:
		return "", fmt.Errorf("rotation of %s is not enabled", r.ARN)
	case !found:
		return "", fmt.Errorf("%s has no version %q", r.ARN, id)
	case slices.Contains(stages, current):
		return current, nil
	case !slices.Contains(stages, pending):
		return "", fmt.Errorf("version %s of %s is not %s", id, r.ARN, pending)
	}
	return pending, nil
}

// create makes the pending document from the current one, once.
func (r *Rotation) create(ctx context.Context, id string) (Outcome, error) {
	s := r.secret()
	if _, found, err := s.read(ctx, id, pending); err != nil || found {
		return "made already", err
	}
	old, err := s.mustRead(ctx, "", current)
	if err != nil {
		return "", err
	}
	now := r.Now()
	doc, outcome, err := r.Keys.Advance(old.doc, now)
	if err != nil {
		return "", err
	}
	doc.From, doc.Made = old.id, now.Unix()
	err = s.put(ctx, id, doc)
	if exists := (*types.ResourceExistsException)(nil); errors.As(err, &exists) {
		return "made already", nil // by the same step, called twice at once
	}
	return outcome, err
}

// set publishes the public halves. It reads the public document first: if a drop removes a key from it afterwards, the
// swap fails; if it did so before, the rotation is cancelled.
func (r *Rotation) set(ctx context.Context, id string) (Outcome, error) {
	public, publishes := r.public()
	if !publishes {
		return ok, nil
	}
	published, err := public.mustRead(ctx, "", current)
	if err != nil {
		return "", err
	}
	v, err := r.secret().mustRead(ctx, id, pending)
	if err != nil {
		return "", err
	}
	if err := r.overtaken(ctx, v); err != nil {
		return "", err
	}
	return ok, publish(ctx, public, published, v.doc)
}

// overtaken cancels a rotation whose document was made from a version that is no longer current.
func (r *Rotation) overtaken(ctx context.Context, v version) error {
	versions, _, err := r.secret().stages(ctx)
	if err != nil || slices.Contains(versions[v.doc.From], current) {
		return err
	}
	return r.cancel(ctx, v.id, "the keys have changed since it began")
}

func (r *Rotation) cancel(ctx context.Context, id, why string) error {
	return errors.Join(fmt.Errorf("this rotation is cancelled, begin a new one: %s", why), r.secret().cancel(ctx, id))
}

// publish makes the public halves of doc the current ones.
func publish(ctx context.Context, public secret, old version, doc keys.Document) error {
	halves := doc.Public()
	if slices.Equal(halves.Keys, old.doc.Keys) {
		return nil
	}
	return public.replace(ctx, old, halves)
}

// test reads the pending document as the service does, and checks that every key that may verify is in it and, if it
// has a public half, published.
func (r *Rotation) test(ctx context.Context, id string) (Outcome, error) {
	v, err := r.secret().mustRead(ctx, id, pending)
	if err != nil {
		return "", err
	}
	if err := r.Keys.Test(v.doc); err != nil {
		return "", fmt.Errorf("the pending document: %w", err)
	}
	if !slices.ContainsFunc(v.doc.Keys, isNext) {
		return "", errors.New("the pending document has no next key")
	}
	old, err := r.secret().mustRead(ctx, "", current)
	if err != nil {
		return "", err
	}
	now := r.Now()
	for _, j := range old.doc.Keys {
		expired := j.Status == keys.Retired && j.Retired != 0 && age(j.Retired, now) >= r.Keys.Keep()
		if !inUse(v.doc, j.ID) && !expired && j.Status != keys.Past {
			return "", fmt.Errorf("the pending document has lost key %s", j.ID)
		}
	}
	return ok, r.testPublished(ctx, v.doc)
}

func (r *Rotation) testPublished(ctx context.Context, doc keys.Document) error {
	public, publishes := r.public()
	if !publishes {
		return nil
	}
	published, err := public.mustRead(ctx, "", current)
	if err != nil {
		return err
	}
	for _, j := range doc.Public().Keys {
		if _, found := published.doc.Find(j.ID); !found {
			return fmt.Errorf("key %s is not published", j.ID)
		}
	}
	return nil
}

// finish makes the pending document current, unless it is older than MaxPending. It tests it once more, so that no
// order of steps lets an unpublished key sign.
func (r *Rotation) finish(ctx context.Context, id string) (Outcome, error) {
	v, err := r.secret().mustRead(ctx, id, pending)
	if err != nil {
		return "", err
	}
	if age(v.doc.Made, r.Now()) > MaxPending {
		return "", r.cancel(ctx, id, "it has taken too long")
	}
	if err := r.overtaken(ctx, v); err != nil {
		return "", err
	}
	if _, err := r.test(ctx, id); err != nil {
		return "", err
	}
	if err := r.secret().makeCurrent(ctx, id, v.doc.From); err != nil {
		return "", errors.Join(err, r.overtaken(ctx, v))
	}
	return ok, nil
}
