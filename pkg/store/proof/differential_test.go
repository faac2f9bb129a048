package proof

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// differential is a differential test: two services get the same requests and must give the same answers. One runs over
// the embedded store and is the oracle, the other over DynamoDB. They share keys, a clock and the randomness of a step.
type differential struct {
	*fixture.Clock
	keys     fixture.Keys
	services [2]*service
	random   [2]struct{ io.Reader }
	stores   [2]session.Store
	tenant   string
	step     uint64
	seed     [32]byte
	seen     map[string]int // how often each class of answer occurred
	sessions []*clientSession
	hook     session.HookAnswer // what the claims hook of both says
}

// clientSession is a session as its clients know it: all grants in it, oldest first.
type clientSession struct {
	user, application string
	id                token.ID
	grants            []revealed
	over              bool // a refresh reported it
}

// revealed is a grant with its tokens as text, so that they can be compared.
type revealed struct {
	Access, Refresh             string
	ExpiresIn, RefreshExpiresIn int64
	Session                     session.Session
	Outcome                     session.Outcome
}

func reveal(g session.Grant) revealed {
	return revealed{g.Access.Reveal(), g.Refresh.Reveal(), g.ExpiresIn, g.RefreshExpiresIn, g.Session, g.Outcome}
}

// newDifferential works in a tenant of its own: resetting a store would take longer than a whole run.
func newDifferential(t *rapid.T, stores [2]session.Store, k fixture.Keys, seen map[string]int) *differential {
	d := &differential{Clock: newClock(), keys: k, stores: stores, tenant: storetest.NewTenant(), seen: seen}
	_, _ = rand.Read(d.seed[:])
	d.restart()
	for _, store := range stores {
		for id, change := range applicationsOfEveryKind() {
			register(t, store, d.tenant, id, change)
		}
	}
	return d
}

// applicationsOfEveryKind differ in the settings of their sessions.
func applicationsOfEveryKind() map[string]func(*session.Settings) {
	return map[string]func(*session.Settings){
		"web":     nil,
		"service": func(s *session.Settings) { s.Usage = session.Reusable },
		"short": func(s *session.Settings) {
			s.AccessTokenSeconds, s.RefreshIdleSeconds, s.RefreshAbsoluteSeconds, s.OverlapSeconds = 2, 4, 8, 1
		},
		"strict":     func(s *session.Settings) { s.RequireAccessTokenPresent, s.OverlapSeconds = true, 0 },
		"keeping":    func(s *session.Settings) { s.KeepPreviousAccessToken, s.MaxSessionsPerUser = true, 2 },
		"a#b%23 c/é": func(s *session.Settings) { s.OverlapSeconds = 300 },
	}
}

// restart makes both services anew, with the keys as they are now.
func (d *differential) restart() {
	for i, store := range d.stores {
		s := newService(d.keys, store, d.Now, &d.random[i])
		hook := session.Hook{Ask: func(context.Context, session.HookCall) (session.HookAnswer, error) { return d.hook, nil }}
		s.Verbs = s.Accepting(session.Accepted{Store: store})
		s.Issuer, s.Refresher = s.Issuer.WithHook(hook), s.Refresher.WithHook(hook, store)
		d.services[i] = s
	}
}

// both asks both services and wants one answer.
func (d *differential) both(t *rapid.T, what string, ask func(*service) (any, error)) (any, error) {
	t.Helper()
	d.step++
	binary.LittleEndian.PutUint64(d.seed[24:], d.step)
	var values [2]any
	var errs [2]error
	var asking sync.WaitGroup
	for i, service := range d.services {
		d.random[i].Reader = mathrand.NewChaCha8(d.seed)
		asking.Go(func() { values[i], errs[i] = ask(service) })
	}
	asking.Wait()
	class, known := classOf(errs[0])
	d.seen[class]++
	if other, _ := classOf(errs[1]); other != class || !known {
		t.Fatalf("%s: got %v from DynamoDB, want %v as from the embedded store", what, errs[1], errs[0])
	}
	if errs[0] != nil {
		return nil, errs[0]
	}
	if diff := storetest.Diff(values[0], values[1]); diff != "" {
		t.Fatalf("%s: got different answers (-embedded +DynamoDB), want the same:\n%s", what, diff)
	}
	return values[0], nil
}

// classOf names the sentinel of an error; false for an error without one, or one that no store may return here.
func classOf(err error) (class string, known bool) {
	if err == nil {
		return "answered", true
	}
	var input *session.InputError
	if errors.As(err, &input) {
		return fmt.Sprintf("input %+v", input.Fields), true
	}
	for _, sentinel := range []error{
		session.ErrNoSession, session.ErrNoApplication, session.ErrForged, session.ErrUnknown, session.ErrApplicationGone,
		session.ErrExpired, session.ErrReused, session.ErrWrongRoot, session.ErrDroppedKey, session.ErrOtherTenant, session.ErrAccessRequired,
		session.ErrOtherSession, session.ErrOtherApplication, session.ErrChanged, session.ErrDenied, session.ErrIssueDenied,
	} {
		if errors.Is(err, sentinel) {
			return sentinel.Error(), true
		}
	}
	return err.Error(), false
}

// The embedded store is the oracle: DynamoDB gives the same answers to random sequences of operations.
func TestDynamoDBAnswersRandomSequencesLikeTheEmbeddedStore(t *testing.T) {
	rapidChecks(t, times(40, 25))
	k := fixture.NewKeys("EdDSA")
	oracle, _ := onDisk(t)
	store, _ := onEngine(t)
	seen := map[string]int{}
	stores := [2]session.Store{oracle, store}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		d := newDifferential(t, stores, k, seen)
		d.issue(t)
		t.Repeat(map[string]func(*rapid.T){
			"issue": d.issue, "issue more": d.issue,
			"refresh": d.refresh, "refresh 2": d.refresh, "refresh 3": d.refresh, "refresh 4": d.refresh, "refresh 5": d.refresh,
			"refresh at an edge": d.edge, "refresh at an edge 2": d.edge,
			"forge": d.forge, "authorize": d.authorize, "list": d.list, "retrieve": d.retrieve,
			"update": d.update, "update by user": d.updateByUser, "delete": d.delete, "delete by user": d.deleteByUser, "delete by application": d.deleteByApplication,
			"put application": d.putApplication, "import": d.imports, "change the hook": d.changeHook, "rotate the token key": d.rotateKey,
			"wait": d.wait, "wait more": d.wait,
		})
		d.agree(t)
	})
	for _, class := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[class], class)
	}
	wanted := []string{"refresh: rotated", "refresh: retry", session.ErrUnknown.Error(), session.ErrForged.Error(), session.ErrNoSession.Error()}
	if runs >= 200 { // enough runs for rare outcomes
		wanted = append(wanted, "refresh: extended", session.ErrReused.Error(), session.ErrExpired.Error(), session.ErrDenied.Error(),
			"import: ", "import: there", "import: other user", "import: over", "a token of another system: rotated",
			session.ErrAccessRequired.Error(), session.ErrOtherSession.Error(), session.ErrNoApplication.Error())
	}
	for _, class := range wanted {
		if runs >= 40 && seen[class] == 0 {
			t.Errorf("got no sequence that leads to %q, want some", class)
		}
	}
}

func (d *differential) wait(t *rapid.T) {
	d.Pass(rapid.SampledFrom([]time.Duration{
		4 * time.Second, 30*time.Second + time.Millisecond, time.Second, time.Second + time.Millisecond, 2 * time.Second,
		30 * 24 * time.Hour, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond, 4*time.Second - time.Millisecond,
		30 * time.Second, 5 * time.Minute,
	}).Draw(t, "time"))
}

func (d *differential) rotateKey(*rapid.T) {
	d.keys = d.keys.RotateTokenKey()
	d.restart()
}

func (d *differential) putApplication(t *rapid.T) {
	app := session.Application{Tenant: d.tenant, ID: d.application(t), Settings: session.DefaultSettings()}
	if old, err := d.stores[0].Application(t.Context(), app.Tenant, app.ID); err == nil {
		app.Version = old.Version - rapid.SampledFrom([]uint64{0, 0, 0, 1}).Draw(t, "versions behind")
	}
	app.Name = rapid.SampledFrom([]string{"", "Web", "日本"}).Draw(t, "name")
	app.Settings.RefreshAbsoluteSeconds = rapid.SampledFrom([]int64{8, 3600, 15_552_000}).Draw(t, "absolute")
	app.Settings.AccessTokenSeconds = rapid.SampledFrom([]int64{2, 900}).Draw(t, "access")
	app.Settings.OverlapSeconds = rapid.Int64Range(0, 3).Draw(t, "overlap")
	app.Settings.Usage = rapid.SampledFrom([]session.Usage{session.OneTime, session.Reusable}).Draw(t, "usage")
	_, _ = d.both(t, "put application", func(s *service) (any, error) { return s.Store.PutApplication(t.Context(), app) })
}

func (d *differential) application(t *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(applicationsOfEveryKind()))).Draw(t, "application")
}

func (d *differential) user(t *rapid.T) string {
	return rapid.SampledFrom([]string{"jane", "jane#1", "0198c0de-0000-7000-8000-000000000001"}).Draw(t, "user")
}

func (d *differential) anySession(t *rapid.T) *clientSession {
	if len(d.sessions) == 0 {
		t.Skip("no session yet")
	}
	live := slices.DeleteFunc(slices.Clone(d.sessions), func(f *clientSession) bool { return f.over })
	if len(live) == 0 || rapid.IntRange(0, 7).Draw(t, "any session") == 7 {
		live = d.sessions
	}
	return rapid.SampledFrom(live).Draw(t, "session")
}

func (d *differential) caller(t *rapid.T) session.Caller {
	c := session.Caller{Tenant: d.tenant}
	switch rapid.IntRange(0, 9).Draw(t, "caller") {
	case 0:
		c.Tenant = "another"
	case 1, 2:
		c.User = d.user(t)
	}
	return c
}

// unknownKey is a token key that neither service has.
func unknownKey(like keys.TokenKey) keys.TokenKey {
	key := keys.TokenKey{ID: like.ID}
	_, _ = rand.Read(key.Secret[:])
	return key
}
