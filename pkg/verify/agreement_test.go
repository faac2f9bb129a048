package verify_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

// both is the service over a store whose events reach a denylist, and an API that verifies offline.
type both struct {
	session.Verbs
	*fixture.Clock

	t        *rapid.T
	store    *embedded.Store
	verifier *verify.Verifier
	tokens   token.Verifier
	grants   []session.Grant
	cut      time.Time // of the latest event that ends tokens by their time
}

var agreementKeys = keysOf["EdDSA"]

func newBoth(t *rapid.T) *both {
	dir, err := os.MkdirTemp("", "agreement-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b := &both{t: t, Clock: fixture.NewClock(fixture.Noon())}
	d := newDenylist(b.Now)
	b.store, err = embedded.Open(filepath.Join(dir, "store.db"), embedded.Options{Now: b.Now, Changed: func(changes []session.Change) {
		for _, c := range changes {
			d.Apply(delivered(c))
		}
	}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	k := agreementKeys()
	b.Verbs, b.tokens = k.Verbs(b.store, b.Now), k.Verifier(b.Now)
	for _, app := range []session.Application{
		fixture.Application(fixture.Demo, fixture.Web, func(s *session.Settings) { s.MaxSessionsPerUser = 2 }),
		fixture.Application(fixture.Demo, fixture.Service, func(s *session.Settings) { s.Usage = session.Reusable }),
	} {
		app.Settings.Audiences = []string{notes}
		if _, err := b.store.PutApplication(t.Context(), app); err != nil {
			t.Fatalf("%v", err)
		}
	}
	set := fixture.Must(k.PublicRing().Get(context.Background()))
	b.verifier = fixture.Must(verify.New(verify.Config{
		Issuer: fixture.Issuer, Tenants: []string{fixture.Demo}, Audience: notes, Denylist: d, JWKS: set.JWKS(), Now: b.Now,
	}))
	return b
}

func (b *both) user() string { return rapid.SampledFrom([]string{"alice", "bob"}).Draw(b.t, "user") }

func (b *both) application() string {
	return rapid.SampledFrom([]string{"web", "service"}).Draw(b.t, "application")
}

func (b *both) grant() session.Grant {
	if len(b.grants) == 0 {
		b.issue()
	}
	return b.grants[rapid.IntRange(0, len(b.grants)-1).Draw(b.t, "grant")]
}

func (b *both) issue() {
	g, err := b.Issue(b.t.Context(), session.IssueRequest{Tenant: fixture.Demo, User: b.user(), Application: b.application()})
	if err != nil {
		b.t.Fatalf("issue: %v", err)
	}
	b.grants = append(b.grants, g)
}

func (b *both) refresh() {
	if g, err := b.Refresh(b.t.Context(), session.RefreshRequest{Token: b.grant().Refresh.Reveal()}); err == nil {
		b.grants = append(b.grants, g)
	}
}

// expect accepts success, and that nothing is there any more.
func (b *both) expect(err error) {
	if err != nil && !errors.Is(err, session.ErrNotFound) && !errors.Is(err, session.ErrNoSession) {
		b.t.Fatalf("%v", err)
	}
}

func (b *both) end() {
	ctx, caller := b.t.Context(), session.Caller{Tenant: fixture.Demo}
	var err error
	switch rapid.SampledFrom([]string{"id", "string", "log out", "user", "user in application", "application"}).Draw(b.t, "end") {
	case "id":
		_, err = b.Delete(ctx, caller, b.grant().Session.ID)
	case "string":
		_, err = b.DeleteByToken(ctx, caller, b.grant().Refresh.Reveal())
	case "log out":
		_, err = b.LogOut(ctx, b.grant().Refresh.Reveal())
	case "user":
		_, err = b.DeleteByUser(ctx, fixture.Demo, b.user(), "")
	case "user in application":
		_, err = b.DeleteByUser(ctx, fixture.Demo, b.user(), b.application())
	case "application":
		_, err = b.DeleteByApplication(ctx, fixture.Demo, b.application())
		b.cut = b.Now()
	}
	b.expect(err)
}

func (b *both) supersede() {
	patch := session.Patch{Supersede: true}
	b.cut = b.Now()
	if rapid.Bool().Draw(b.t, "by user") {
		_, _, err := b.UpdateByUser(b.t.Context(), session.Query{Tenant: fixture.Demo, User: b.user()}, patch)
		b.expect(err)
		return
	}
	_, err := b.Update(b.t.Context(), session.Caller{Tenant: fixture.Demo}, b.grant().Session.ID, patch)
	b.expect(err)
}

// compare wants the offline verdict on every token that was handed out to be that of the service.
func (b *both) compare() {
	for _, g := range b.grants {
		access, err := b.tokens.Verify(b.t.Context(), g.Access.Reveal())
		if errors.Is(err, token.ErrExpiredAccess) {
			continue
		}
		key, ok := session.KeyOfAccess(access)
		s, app, loadErr := b.store.Load(b.t.Context(), key)
		live := ok && loadErr == nil && s.LiveUnder(app, b.Now()) && s.Under(app).Accepts(access, b.Now())
		_, offline := b.verifier.Verify(b.t.Context(), g.Access.Reveal())
		switch {
		case err != nil:
			b.t.Fatalf("a token of the service: %v", err)
		case !live && !errors.Is(offline, verify.ErrRevoked):
			b.t.Fatalf("a token of session %s, signed at %d, is over: got %v offline, want ErrRevoked", access.Session, access.IssuedAt, offline)
		case live && offline != nil && access.IssuedAt > b.cut.Add(verify.Clocks).Unix():
			b.t.Fatalf("a token of session %s, signed at %d, is good: got %v offline, want it accepted", access.Session, access.IssuedAt, offline)
		}
	}
}

// Once its events are here, a denylist refuses each token that the service refuses. It refuses a good one only if that was
// signed within Clocks of an event that ends tokens by their time.
func TestADenylistAgreesWithTheService(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBoth(r)
		r.Repeat(map[string]func(*rapid.T){
			"":          func(*rapid.T) { b.compare() },
			"issue":     func(*rapid.T) { b.issue() },
			"refresh":   func(*rapid.T) { b.refresh() }, // of any generation: some are reuse
			"end":       func(*rapid.T) { b.end() },
			"supersede": func(*rapid.T) { b.supersede() },
			"wait":      func(r *rapid.T) { b.Pass(seconds(int64(rapid.IntRange(1, 90).Draw(r, "seconds")))) },
		})
	})
}
