package session

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const issuer = "https://tokens.example"

// fatal is what testing.T and rapid.T have in common.
type fatal interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// world is a service on a clock of its own, with applications web (rotating), service (reusable) and
// strict (requires the access token).
type world struct {
	Verbs
	Verifier token.Verifier
	t        fatal
	store    *memory
	mu       sync.Mutex
	clock    time.Time
	tokens   []keys.JWK
	minter   Minter
}

var signingKey = sync.OnceValues(func() (keys.JWK, error) { return keys.GenerateSigningKey("ES256", keys.Active) })

func newWorld(t fatal) *world {
	t.Helper()
	w := &world{t: t, store: newMemory(), clock: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	w.tokens = []keys.JWK{keys.GenerateTokenKey(keys.Active)}
	w.restart()
	w.application("demo", "web", nil)
	w.application("demo", "service", func(s *Settings) { s.Usage = Reusable })
	w.application("demo", "strict", func(s *Settings) { s.RequireAccessTokenPresent = true })
	w.application("other", "web", nil)
	return w
}

// restart is a new container: the same store, keys fetched anew.
func (w *world) restart() {
	j, err := signingKey()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	w.minter = NewMinter(issuer, ringOf(keys.ParseTokenSet, w.tokens...), ringOf(keys.ParseSigningSet, j), w.now, rand.Reader)
	w.Verifier = token.Verifier{Issuer: issuer, Keys: ringOf(keys.ParsePublicSet, j), Now: w.now}
	w.over(w.store)
}

// over runs the verbs over another store from now on.
func (w *world) over(store Store) { w.Verbs = NewVerbs(store, w.minter, w.Verifier) }

func ringOf[Set any](parse func([]byte) (*Set, error), jwks ...keys.JWK) *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) {
		raw, err := keys.MarshalDocument(jwks...)
		if err != nil {
			return nil, err
		}
		return parse(raw)
	})
}

func down[Set any]() *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) { return nil, errors.New("source down") })
}

// rotateTokenKey makes the active token key retired and another one active.
func (w *world) rotateTokenKey() {
	for i := range w.tokens {
		w.tokens[i].Status = keys.Retired
	}
	w.tokens = append(w.tokens, keys.GenerateTokenKey(keys.Active))
	w.restart()
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) application(tenant, id string, change func(*Settings)) {
	settings := DefaultSettings()
	if change != nil {
		change(&settings)
	}
	if bad := settings.Validate(); len(bad) > 0 {
		w.t.Fatalf("settings: %v", bad)
	}
	_, _ = w.store.PutApplication(context.Background(), Application{Tenant: tenant, ID: id, Settings: settings})
}

func (w *world) issue(user, application string) Grant {
	w.t.Helper()
	return w.issueIn("demo", user, application)
}

func (w *world) issueIn(tenant, user, application string) Grant {
	w.t.Helper()
	g, err := w.Issue(context.Background(), IssueRequest{Tenant: tenant, User: user, Application: application})
	if err != nil {
		w.t.Fatalf("issue: %v", err)
	}
	w.pass(time.Microsecond) // so that ids sort by creation
	return g
}

func (w *world) refresh(g Grant) (Grant, error) {
	return w.Refresh(context.Background(), RefreshRequest{Token: g.Refresh.Reveal()})
}

// rotated refreshes and wants success with the outcome.
func (w *world) rotated(g Grant, want Outcome) Grant {
	w.t.Helper()
	next, err := w.refresh(g)
	if err != nil || next.Outcome != want {
		w.t.Fatalf("refresh: %q, %v instead of %q", next.Outcome, err, want)
	}
	return next
}

// refused refreshes and wants the error, and no token beside it.
func (w *world) refused(g Grant, want error) {
	w.t.Helper()
	next, err := w.refresh(g)
	if !errors.Is(err, want) || next.Refresh.Reveal() != "" || next.Access.Reveal() != "" {
		w.t.Fatalf("refresh: %q, %v instead of %v", next.Outcome, err, want)
	}
}

// access reads a grant's access token as the authorizer does.
func (w *world) access(g Grant) token.Access {
	w.t.Helper()
	a, err := w.Verifier.VerifyEvenExpired(context.Background(), g.Access.Reveal())
	if err != nil {
		w.t.Fatalf("access token: %v", err)
	}
	return a
}

func (w *world) live(g Grant) bool {
	_, err := w.Live(context.Background(), g.Session.Key)
	if err != nil && !errors.Is(err, ErrNoSession) {
		w.t.Fatalf("%v", err)
	}
	return err == nil
}

// together runs f n times at once.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() { <-start; f(i) })
	}
	close(start)
	all.Wait()
}

// each names a subtest for every case.
func each[C any](t *testing.T, cases map[string]C, run func(*testing.T, C)) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { run(t, c) })
	}
}
