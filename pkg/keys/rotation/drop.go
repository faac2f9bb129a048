package rotation

import (
	"context"
	"fmt"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// drop removes a key at once: it publishes every key that may verify from now on, beside the one that leaves; then it
// replaces the private document; then it removes the key from the public one. Interrupted anywhere, it may be repeated.
// It replaces the private document even if the key is no longer used in it, which cancels a rotation whose document has the key.
func (r *Rotation) drop(ctx context.Context, kid string) (*Dropped, error) {
	s := r.secret()
	old, err := s.mustRead(ctx, "", current)
	if err != nil {
		return nil, err
	}
	if known, err := r.knows(ctx, old.doc, kid); err != nil {
		return nil, err
	} else if !known {
		return nil, fmt.Errorf("no key %q is in use: it was dropped already, or never was", kid)
	}
	now := r.Now()
	doc, err := r.Keys.Drop(old.doc, kid, now)
	if err != nil {
		return nil, err
	}
	doc.From, doc.Made = old.id, now.Unix()
	if err := r.Keys.Test(doc); err != nil {
		return nil, fmt.Errorf("the keys that would be left: %w", err)
	}
	both := keys.Document{Keys: doc.Keys}
	if leaving, found := old.doc.Find(kid); found && leaving.Status != keys.Past {
		leaving.Status = keys.Retired
		both.Keys = append(append([]keys.JWK{}, doc.Keys...), leaving)
	}
	if err := r.republish(ctx, both); err != nil {
		return nil, err
	}
	if err := s.replace(ctx, old, doc); err != nil {
		return nil, err
	}
	if err := r.republish(ctx, doc); err != nil {
		return nil, err
	}
	d := dropped(kid, doc)
	if !r.Keys.Public {
		d.Sessions = endSessions()
	}
	return d, nil
}

// knows reports whether a key is in a document that is current or may become current.
func (r *Rotation) knows(ctx context.Context, doc keys.Document, kid string) (bool, error) {
	if inUse(doc, kid) {
		return true, nil
	}
	if v, _, err := r.secret().read(ctx, "", pending); err != nil {
		return false, err
	} else if inUse(v.doc, kid) {
		return true, nil
	}
	public, publishes := r.public()
	if !publishes {
		return false, nil
	}
	v, err := public.mustRead(ctx, "", current)
	return inUse(v.doc, kid), err
}

func inUse(doc keys.Document, kid string) bool {
	j, found := doc.Find(kid)
	return found && j.Status != keys.Past
}

// republish publishes the public halves of doc, where there is a public secret. It repeats when a rotation has
// published other keys in between.
func (r *Rotation) republish(ctx context.Context, doc keys.Document) error {
	public, publishes := r.public()
	if !publishes {
		return nil
	}
	var err error
	for range 3 {
		var old version
		if old, err = public.mustRead(ctx, "", current); err != nil {
			return err
		}
		if err = publish(ctx, public, old, doc); err == nil {
			return nil
		}
	}
	return err
}

func dropped(kid string, doc keys.Document) *Dropped {
	d := &Dropped{KeyID: kid}
	for _, j := range doc.Keys {
		if isActive(j) {
			d.ActiveID = j.ID
		} else if isNext(j) {
			d.NextID = j.ID
		}
	}
	return d
}
