package rotation_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// rollout is a service at the moment when a token key is promoted: the source has the newer document.
type rollout struct {
	fixture.Tenants

	store        session.Store
	now          func() time.Time
	older, newer []byte
}

func newRollout(t *testing.T) rollout {
	t.Helper()
	tenants, store, clock := fixture.Populated(t)
	r := rollout{Tenants: tenants, store: store, now: clock.Now}
	var doc keys.Document
	now := noon
	for range 3 { // the second document has a retired key already
		var err error
		if doc, _, err = tokenKeys().Advance(doc, now); err != nil {
			t.Fatal(err)
		}
		r.older, r.newer = r.newer, fixture.Must(doc.Marshal())
		now = now.Add(rotation.MinNextAge)
	}
	return r
}

// container has a document in its cache. It gets the newer one if it asks the source.
func (r rollout) container(cached []byte) session.Verbs {
	ring := keys.NewRing(func(context.Context) (*keys.TokenSet, error) {
		document := cached
		cached = r.newer
		return keys.ParseTokenSet(document)
	})
	ring.Now = r.now
	minter := session.NewMinter(fixture.Issuer, ring, r.SigningRing(), r.now, rand.Reader)
	return session.NewVerbs(r.store, minter, r.Verifier(r.now))
}

// Laws 4 and 8: whichever containers make the next generations, in any order, and whichever is asked then, a token that
// is one to six generations behind is a retry. Nobody is logged out by a promotion.
func TestRetriesCloseTheirChainWhileATokenKeyIsPromoted(t *testing.T) {
	r := newRollout(t)
	documents := [][]byte{r.older, r.newer}
	for k := 1; k <= session.RotationTimes; k++ {
		for order := range 1 << k {
			request := session.IssueRequest{Tenant: fixture.Demo, User: fmt.Sprint(k, "-", order), Application: fixture.Web}
			issued, err := r.container(r.older).Issue(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			current := issued
			for step := range k {
				maker := r.container(documents[order>>step&1])
				if current, err = maker.Refresh(t.Context(), session.RefreshRequest{Token: current.Refresh.Reveal()}); err != nil {
					t.Fatalf("order %0*b, step %d: got %v, want a rotation", k, order, step, err)
				}
			}
			for age, document := range documents {
				got, err := r.container(document).Refresh(t.Context(), session.RefreshRequest{Token: issued.Refresh.Reveal()})
				if err != nil || got.Outcome != session.Retried || got.Refresh != current.Refresh {
					t.Errorf("%d behind, made in the order %0*b, asked document %d: got %q, %v, want a retry", k, k, order, age, got.Outcome, err)
				}
			}
		}
	}
}
