package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// direct is the service's core, called in this process.
type direct struct {
	session.Verbs

	tenant string
}

// newPlace makes the service; the store is still to be filled.
func newPlace(ctx context.Context, store session.Store, sessions int) (*place, error) {
	signing, err := keys.GenerateSigningKey("ES256", keys.Active)
	if err != nil {
		return nil, err
	}
	who := population{tenant: "demo", kept: "web", deleted: "mobile"}
	for _, id := range []string{who.kept, who.deleted} {
		app := storetest.NewApplication(who.tenant, id)
		if _, err := store.PutApplication(ctx, app); err != nil {
			return nil, err
		}
	}
	public := ringOf(keys.ParsePublicSet, signing)
	verifier := token.Verifier{Issuer: "https://auth.example.com", Keys: public, Now: time.Now}
	core := session.NewVerbs(store, session.NewMinter(
		verifier.Issuer, ringOf(keys.ParseTokenSet, keys.GenerateTokenKey(keys.Active)), ringOf(keys.ParseSigningSet, signing),
		time.Now, rand.Reader), verifier)
	return &place{
		service: direct{core, who.tenant}, population: who, sessions: sessions, close: func() error { return nil },
	}, nil
}

func ringOf[Set any](parse func([]byte) (*Set, error), key keys.JWK) *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) {
		raw, err := keys.MarshalDocument(key)
		if err != nil {
			return nil, err
		}
		return parse(raw)
	})
}

func (d direct) issue(ctx context.Context, user, application string) (granted, error) {
	g, err := d.Issue(ctx, session.IssueRequest{Tenant: d.tenant, User: user, Application: application})
	return grantedBy(g), err
}

func (d direct) refresh(ctx context.Context, presented string) (granted, error) {
	g, err := d.Refresh(ctx, session.RefreshRequest{Token: presented})
	return grantedBy(g), expect(err, g.Outcome == session.Rotated)
}

func grantedBy(g session.Grant) granted { return granted{g.Session.ID.String(), g.Refresh.Reveal()} }

func (d direct) list(ctx context.Context, user string) (int, error) {
	found, more, err := d.List(ctx, session.ListRequest{Tenant: d.tenant, User: user, Limit: 50})
	return len(found), expect(err, !more)
}

func (d direct) deleteByApplication(ctx context.Context, application string) (uint64, error) {
	return d.DeleteByApplication(ctx, d.tenant, application)
}

func (d direct) deleteByUser(ctx context.Context, user string) (int, error) {
	ended, err := d.DeleteByUser(ctx, d.tenant, user, "")
	return len(ended), err
}
