package schedules

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	user = "user"
	web  = "web"
)

// environment is what the schedules of a scenario share.
type environment struct {
	t       *testing.T
	store   session.Store // with the mistake, if there is one
	tokens  *keys.Ring[keys.TokenSet]
	signing *keys.Ring[keys.SigningSet]
	key     keys.TokenKey
}

func newEnvironment(t *testing.T, mistake func(session.Store) session.Store) *environment {
	t.Helper()
	k := fixture.DerivedKeys()
	g := &environment{
		t: t, store: fixture.Store(t, fixture.Noon), tokens: k.TokenRing(), signing: fixture.Unsigned(), key: k.TokenKey(),
	}
	if mistake != nil {
		g.store = mistake(g.store)
	}
	return g
}

// verbs returns the verbs of a container with a clock.
func (g *environment) verbs(store session.Store, now func() time.Time, random io.Reader) session.Verbs {
	minter := session.NewMinter(fixture.Issuer, g.tokens, g.signing, now, random)
	minter = minter.WithWait(func(context.Context, time.Duration) {})
	verbs := session.NewVerbs(store, minter, token.Verifier{Issuer: fixture.Issuer, Now: now})
	return verbs.Accepting(session.Accepted{Store: store})
}

// client is a user agent or an operator, with a clock and a container of its own.
type client struct {
	*schedule

	index     int
	name      string
	at        time.Duration // since noon
	play      func()
	proves    func() dpop.Presented // with each refresh; nil for none
	random    io.Reader
	verbs     session.Verbs // of its container
	started   int           // the step of the first request of the call under way, from 1
	abandoned bool
}

// addClient adds a client to the scenario.
func (s *schedule) addClient(name string, play func(a *client)) *client {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(len(s.clients))+1)
	a := &client{schedule: s, index: len(s.clients), name: name, random: rand.NewChaCha8(seed)}
	a.play = func() { play(a) }
	a.restart()
	s.clients = append(s.clients, a)
	return a
}

// restart moves the client to a new container.
func (a *client) restart() *container {
	c := &container{Store: a.store, client: a}
	a.verbs = a.environment.verbs(c, a.now, a.random)
	if a.scenario.hooked {
		a.verbs.Refresher = a.verbs.Refresher.WithHook(session.Hook{Ask: c.ask, Refuse: true}, c)
	}
	return c
}

// warm moves the client to a container that has read an application, so that its refreshes write and read in parallel.
func (a *client) warm() {
	c := a.restart()
	c.open = true
	nobody := token.Refresh{KeyID: a.key.ID, Tenant: a.tenant, User: "nobody", Application: web}
	_, _ = a.verbs.Refresh(context.Background(), session.RefreshRequest{Token: fixture.Must(nobody.Encode(a.key)).Reveal()})
	c.open = false
}

func (a *client) now() time.Time { return fixture.Noon().Add(a.at) }

func (a *client) begun(step int) {
	if a.started == 0 {
		a.started = step
	}
}

// answer is the result of a call.
type answer struct {
	client         int
	call           string
	presented      uint32
	grant          session.Grant
	err            error
	started, ended int // steps of the schedule
}

func (w answer) String() string {
	return fmt.Sprintf("%s: %q, generation %d, %v", w.call, w.grant.Outcome, w.grant.Session.Generation, w.err)
}

// done notes an answer, unless the container ended: then nobody gets it.
func (a *client) done(w answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.client, w.started, w.ended = a.index, a.started, a.step
	a.started = 0
	if !errors.Is(w.err, errCrashed) {
		a.answers = append(a.answers, w)
	}
}

// refresh presents a token. Where the container ends, the client asks another one.
func (a *client) refresh(text string) (session.Grant, error) {
	for {
		var t token.Refresh // of generation 0, if it is of another system
		if !token.IsForeign(text) {
			var err error
			if t, err = a.verbs.Identify(context.Background(), text); err != nil {
				return session.Grant{}, err
			}
		}
		req := session.RefreshRequest{Token: text}
		if a.proves != nil {
			req.Proof = a.proves()
		}
		g, err := a.verbs.Refresh(context.Background(), req)
		a.done(answer{call: a.name + " refreshes " + fmt.Sprint(t.Generation), presented: t.Generation, grant: g, err: err})
		if !errors.Is(err, errCrashed) || a.gone() {
			return g, err
		}
		a.restart()
	}
}

func (a *client) gone() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.abandoned
}

// login issues a session.
func (a *client) login() (session.Grant, error) {
	g, err := a.verbs.Issue(context.Background(), session.IssueRequest{Tenant: a.tenant, User: user, Application: web})
	a.done(answer{call: a.name + " logs in", grant: g, err: err})
	return g, err
}

// ends notes the answer of a deletion.
func (a *client) ends(what string, end func(context.Context, session.Verbs) error) error {
	for {
		err := end(context.Background(), a.verbs)
		a.done(answer{call: a.name + " deletes " + what, err: err})
		if !errors.Is(err, errCrashed) || a.gone() {
			return err
		}
		a.restart()
	}
}

// before returns verbs that no schedule delays, with a clock at a time since noon. They run before the clients start or
// after they end.
func (s *schedule) before(at time.Duration) session.Verbs {
	now := fixture.Noon().Add(at)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[8:], uint64(at))
	return s.verbs(s.store, func() time.Time { return now }, rand.NewChaCha8(seed))
}

// chain issues a session at noon and refreshes it so many times, a second apart. It returns all its tokens.
func (s *schedule) chain(refreshes int) (texts []string, g session.Grant) {
	g, err := s.before(0).Issue(context.Background(), session.IssueRequest{Tenant: s.tenant, User: user, Application: web})
	for n := 0; err == nil && n < refreshes; n++ {
		texts = append(texts, g.Refresh.Reveal())
		verbs := s.before(time.Duration(n+1) * time.Second)
		g, err = verbs.Refresh(context.Background(), session.RefreshRequest{Token: g.Refresh.Reveal()})
	}
	if err != nil {
		s.t.Fatalf("chain: %v", err)
	}
	return append(texts, g.Refresh.Reveal()), g
}
