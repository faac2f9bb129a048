package session_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// harness is a service over the embedded store with the applications of the fixture, under a clock that stands still.
type harness struct {
	session.Verbs
	*fixture.Clock

	t      fixture.T
	store  *watched
	keys   fixture.Keys
	random io.Reader
}

func start(t fixture.T) *harness {
	t.Helper()
	clock := fixture.NewClock(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	h := &harness{
		Clock: clock, t: t, store: &watched{Store: fixture.Store(t, clock.Now)}, keys: fixture.NewKeys("EdDSA"), random: rand.Reader,
	}
	h.restart()
	for _, app := range fixture.Applications() {
		h.put(app)
	}
	return h
}

// restart starts a new container, which fetches the keys again.
func (h *harness) restart() {
	minter := session.NewMinter(fixture.Issuer, h.keys.TokenRing(), h.keys.SigningRing(), h.Now, h.random)
	minter = minter.WithWait(func(_ context.Context, d time.Duration) { h.Pass(d) })
	h.Verbs = session.NewVerbs(h.store, minter, h.keys.Verifier(h.Now))
}

// rotateTokenKey retires the active token key and makes another one active.
func (h *harness) rotateTokenKey() {
	h.keys = h.keys.RotateTokenKey()
	h.restart()
}

// accepting accepts the tokens of another system, if they match; nil for any.
func (h *harness) accepting(pattern *regexp.Regexp) {
	h.Verbs = h.Accepting(session.Accepted{Store: h.store, Pattern: pattern})
}

func (h *harness) put(app session.Application) {
	h.t.Helper()
	if bad := app.Settings.Validate(); len(bad) > 0 {
		h.t.Fatalf("settings: %v", bad)
	}
	if old, err := h.store.Application(h.t.Context(), app.Tenant, app.ID); err == nil {
		app.Version = old.Version
	}
	if _, err := h.store.PutApplication(h.t.Context(), app); err != nil {
		h.t.Fatalf("put application: %v", err)
	}
}

func (h *harness) application(tenant, id string, change func(*session.Settings)) {
	h.t.Helper()
	h.put(fixture.Application(tenant, id, change))
}

func (h *harness) issue(user, application string) session.Grant {
	h.t.Helper()
	return h.issueIn("demo", user, application)
}

func (h *harness) issueIn(tenant, user, application string) session.Grant {
	h.t.Helper()
	g, err := h.Issue(h.t.Context(), session.IssueRequest{Tenant: tenant, User: user, Application: application})
	if err != nil {
		h.t.Fatalf("issue: %v", err)
	}
	h.Pass(2 * time.Millisecond) // so that ids sort by creation
	return g
}

func (h *harness) refresh(g session.Grant) (session.Grant, error) {
	return h.Refresh(h.t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
}

// rotated refreshes and wants success with the outcome.
func (h *harness) rotated(g session.Grant, want session.Outcome) session.Grant {
	h.t.Helper()
	next, err := h.refresh(g)
	if err != nil || next.Outcome != want {
		h.t.Fatalf("refresh: got %q, %v, want %q", next.Outcome, err, want)
	}
	return next
}

// refused refreshes and wants the error, and no token beside it.
func (h *harness) refused(g session.Grant, want error) {
	h.t.Helper()
	next, err := h.refresh(g)
	if !errors.Is(err, want) || next.Refresh.Reveal() != "" || next.Access.Reveal() != "" {
		h.t.Fatalf("refresh: got %q, %v, want %v", next.Outcome, err, want)
	}
}

// want compares errors.
func (h *harness) want(what string, got, want error) {
	h.t.Helper()
	if !errors.Is(got, want) {
		h.t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// access reads a grant's access token as a refresh reads the one beside it.
func (h *harness) access(g session.Grant) token.Access {
	h.t.Helper()
	a, err := h.keys.Verifier(h.Now).VerifyEvenExpired(h.t.Context(), g.Access.Reveal())
	if err != nil {
		h.t.Fatalf("access token: %v", err)
	}
	return a
}

func (h *harness) live(g session.Grant) bool {
	h.t.Helper()
	_, err := h.Live(h.t.Context(), g.Session.Key)
	if err != nil && !errors.Is(err, session.ErrNoSession) {
		h.t.Fatalf("live: %v", err)
	}
	return err == nil
}

// remains returns the stored sessions of a user of tenant demo, with those that are over.
func (h *harness) remains(user string) []session.Session {
	h.t.Helper()
	found, more, err := h.store.Store.Query(h.t.Context(), session.Query{Tenant: "demo", User: user})
	if err != nil || more {
		h.t.Fatalf("query: more %v, %v", more, err)
	}
	return found
}

// replace stores a session instead of what is stored under its key.
func (h *harness) replace(s session.Session) {
	h.t.Helper()
	err := errors.Join(h.store.DeleteBatch(h.t.Context(), []session.Key{s.Key}), h.store.Create(h.t.Context(), s))
	if err != nil {
		h.t.Fatalf("replace: %v", err)
	}
}

// watched is the embedded store. It counts calls and fails on demand.
type watched struct {
	*embedded.Store

	page   int    // at most so many sessions in a page; 0 for no limit
	absent string // an application that no longer exists

	before, after                         func(session.Rotation) error // around Rotate, which answers their errors
	meanwhile                             func()                       // runs once, after the next ApplicationOf
	beforeDelete                          func()                       // runs once, before the next Delete
	create                                func(session.Session) error  // before Create, which answers its error
	failApplication, failDelete, failPage error
	failLoad                              error

	locators                     atomic.Int32 // reads of them
	failReads                    atomic.Int32 // how many of the next ApplicationOf fail
	attempts, rotations, deletes atomic.Int32
}

func (w *watched) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	w.attempts.Add(1)
	if w.before != nil {
		if err := w.before(r); err != nil {
			return session.Session{}, false, err
		}
	}
	s, applied, err := w.Store.Rotate(ctx, r)
	if applied {
		w.rotations.Add(1)
	}
	if w.after != nil {
		err = w.after(r)
	}
	return s, applied, err
}

func (w *watched) Create(ctx context.Context, s session.Session) error {
	if w.create != nil {
		if err := w.create(s); err != nil {
			return err
		}
	}
	return w.Store.Create(ctx, s)
}

func (w *watched) Query(ctx context.Context, q session.Query) ([]session.Session, bool, error) {
	if w.page > 0 && (q.Limit == 0 || q.Limit > w.page) {
		q.Limit = w.page
	}
	if w.failPage != nil {
		return nil, false, w.failPage
	}
	return w.Store.Query(ctx, q)
}

func (w *watched) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	if w.failLoad != nil {
		return session.Session{}, session.Application{}, w.failLoad
	}
	if w.absent == key.Application {
		return session.Session{}, session.Application{}, session.ErrNoApplication
	}
	return w.Store.Load(ctx, key)
}

func (w *watched) ApplicationOf(ctx context.Context, key session.Key) (session.Application, error) {
	app, err := w.Store.ApplicationOf(ctx, key)
	switch run := w.meanwhile; {
	case w.failReads.Add(-1) >= 0:
		return session.Application{}, session.ErrUnavailable
	case w.failApplication != nil:
		return session.Application{}, w.failApplication
	case w.absent == key.Application:
		return session.Application{}, session.ErrNoApplication
	case run != nil:
		w.meanwhile = nil
		run()
	}
	return app, err
}

// Applications refuses more than DynamoDB takes in one request.
func (w *watched) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]session.Application, error) {
	if len(ids) > 100 {
		return nil, errors.New("more than 100 applications in one request")
	}
	found, err := w.Store.Applications(ctx, tenant, user, ids)
	delete(found, w.absent)
	return found, err
}

func (w *watched) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	if w.failDelete != nil {
		return session.Session{}, w.failDelete
	}
	if run := w.beforeDelete; run != nil {
		w.beforeDelete = nil
		run()
	}
	s, err := w.Store.Delete(ctx, d)
	if err == nil {
		w.deletes.Add(1)
	}
	return s, err
}

func (w *watched) Imported(ctx context.Context, hash token.Hash) (session.Locator, error) {
	w.locators.Add(1)
	return w.Store.Imported(ctx, hash)
}

// together runs f n times in parallel.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() { <-begin; f(i) })
	}
	close(begin)
	all.Wait()
}
