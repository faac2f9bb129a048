package proof

import (
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

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// twins are two services that are asked the same and have to answer the same: one over the embedded store, which is
// the oracle, and one over DynamoDB. They share keys, a clock and, step by step, their randomness.
type twins struct {
	*clock
	keys     keyset
	services [2]*service
	random   [2]struct{ io.Reader }
	stores   [2]session.Store
	tenant   string
	step     uint64
	seed     [32]byte
	seen     map[string]int // how often each class of answer was met
	families []*family
}

// family is a session as its clients know it: all tokens that were ever answered, oldest first.
type family struct {
	user, application string
	id                token.ID
	grants            []granted
	over              bool // a refresh has said so
}

// granted is a grant with its tokens in the open, so that they can be compared.
type granted struct {
	Access, Refresh             string
	ExpiresIn, RefreshExpiresIn int64
	Session                     session.Session
	Outcome                     session.Outcome
}

func open(g session.Grant) granted {
	return granted{g.Access.Reveal(), g.Refresh.Reveal(), g.ExpiresIn, g.RefreshExpiresIn, g.Session, g.Outcome}
}

// newTwins makes twins in a tenant of their own: resetting a store would take longer than a whole run.
func newTwins(t *rapid.T, stores [2]session.Store, k keyset, seen map[string]int) *twins {
	w := &twins{clock: newClock(), keys: k, stores: stores, tenant: storetest.NewTenant(), seen: seen}
	_, _ = rand.Read(w.seed[:])
	w.restart()
	for _, store := range stores {
		for id, change := range twinApplications() {
			register(t, store, w.tenant, id, change)
		}
	}
	return w
}

// twinApplications are the settings that a session may live under.
func twinApplications() map[string]func(*session.Settings) {
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
func (w *twins) restart() {
	for i, store := range w.stores {
		w.services[i] = w.keys.service(store, w.now, &w.random[i])
	}
}

// both asks both services and wants one answer.
func (w *twins) both(t *rapid.T, what string, ask func(*service) (any, error)) (any, error) {
	t.Helper()
	w.step++
	binary.LittleEndian.PutUint64(w.seed[24:], w.step)
	var values [2]any
	var errs [2]error
	var asking sync.WaitGroup
	for i, service := range w.services {
		w.random[i].Reader = mathrand.NewChaCha8(w.seed)
		asking.Go(func() { values[i], errs[i] = ask(service) })
	}
	asking.Wait()
	class, known := classOf(errs[0])
	w.seen[class]++
	if other, _ := classOf(errs[1]); other != class || !known {
		t.Fatalf("%s: the embedded store says %v, DynamoDB %v", what, errs[0], errs[1])
	}
	if errs[0] != nil {
		return nil, errs[0]
	}
	if diff := storetest.Diff(values[0], values[1]); diff != "" {
		t.Fatalf("%s: the answers differ (-embedded +DynamoDB):\n%s", what, diff)
	}
	return values[0], nil
}

// classOf names the sentinel of an error; false for an error that has none or that no store may answer here.
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
		session.ErrOtherSession, session.ErrOtherApplication, session.ErrChanged,
	} {
		if errors.Is(err, sentinel) {
			return sentinel.Error(), true
		}
	}
	return err.Error(), false
}

// House style 19: random sequences of operations; DynamoDB agrees with the embedded store.
func TestDynamoDBAnswersRandomSequencesAsTheEmbeddedStoreDoes(t *testing.T) {
	rapidChecks(t, times(40, 25))
	k := newKeys(t)
	oracle, _ := onDisk(t)
	store, _ := onEngine(t)
	seen := map[string]int{}
	stores := [2]session.Store{oracle, store}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		w := newTwins(t, stores, k, seen)
		w.issue(t)
		t.Repeat(map[string]func(*rapid.T){
			"issue": w.issue, "issue more": w.issue,
			"refresh": w.refresh, "refresh 2": w.refresh, "refresh 3": w.refresh, "refresh 4": w.refresh, "refresh 5": w.refresh,
			"refresh at an edge": w.edge, "refresh at an edge 2": w.edge,
			"forge": w.forge, "authorize": w.authorize, "list": w.list, "retrieve": w.retrieve,
			"delete": w.delete, "delete by user": w.deleteByUser, "delete by application": w.deleteByApplication,
			"put application": w.putApplication, "rotate the token key": w.rotateKey,
			"wait": w.wait, "wait more": w.wait,
		})
		w.agree(t)
	})
	for _, class := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[class], class)
	}
	wanted := []string{"refresh: rotated", "refresh: retry", session.ErrUnknown.Error(), session.ErrForged.Error(), session.ErrNoSession.Error()}
	if runs >= 200 { // so many that even what is rare has to turn up
		wanted = append(wanted, "refresh: extended", session.ErrReused.Error(), session.ErrExpired.Error(),
			session.ErrAccessRequired.Error(), session.ErrOtherSession.Error(), session.ErrNoApplication.Error())
	}
	for _, class := range wanted {
		if runs >= 40 && seen[class] == 0 {
			t.Errorf("no sequence led to %q: the random sequences are too tame", class)
		}
	}
}

func (w *twins) wait(t *rapid.T) {
	w.pass(rapid.SampledFrom([]time.Duration{
		4 * time.Second, 30*time.Second + time.Millisecond, time.Second, time.Second + time.Millisecond, 2 * time.Second,
		30 * 24 * time.Hour, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond, 4*time.Second - time.Millisecond,
		30 * time.Second, 5 * time.Minute,
	}).Draw(t, "time"))
}

func (w *twins) rotateKey(*rapid.T) {
	w.keys = w.keys.rotated()
	w.restart()
}

func (w *twins) putApplication(t *rapid.T) {
	app := session.Application{Tenant: w.tenant, ID: w.application(t), Settings: session.DefaultSettings()}
	if old, err := w.stores[0].Application(t.Context(), app.Tenant, app.ID); err == nil {
		app.Version = old.Version - rapid.SampledFrom([]uint64{0, 0, 0, 1}).Draw(t, "versions behind")
	}
	app.Name = rapid.SampledFrom([]string{"", "Web", "日本"}).Draw(t, "name")
	app.Settings.OverlapSeconds = rapid.Int64Range(0, 3).Draw(t, "overlap")
	app.Settings.Usage = rapid.SampledFrom([]session.Usage{session.OneTime, session.Reusable}).Draw(t, "usage")
	_, _ = w.both(t, "put application", func(s *service) (any, error) { return s.Store.PutApplication(t.Context(), app) })
}

func (w *twins) application(t *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(twinApplications()))).Draw(t, "application")
}

func (w *twins) user(t *rapid.T) string {
	return rapid.SampledFrom([]string{"jane", "jane#1", "0198c0de-0000-7000-8000-000000000001"}).Draw(t, "user")
}

func (w *twins) family(t *rapid.T) *family {
	if len(w.families) == 0 {
		t.Skip("no session yet")
	}
	live := slices.DeleteFunc(slices.Clone(w.families), func(f *family) bool { return f.over })
	if len(live) == 0 || rapid.IntRange(0, 7).Draw(t, "any session") == 7 {
		live = w.families
	}
	return rapid.SampledFrom(live).Draw(t, "session")
}

func (w *twins) caller(t *rapid.T) session.Caller {
	c := session.Caller{Tenant: w.tenant}
	switch rapid.IntRange(0, 9).Draw(t, "caller") {
	case 0:
		c.Tenant = "another"
	case 1, 2:
		c.User = w.user(t)
	}
	return c
}

// unknownKey is a token key that neither service has.
func unknownKey(like keys.TokenKey) keys.TokenKey {
	key := keys.TokenKey{ID: like.ID}
	_, _ = rand.Read(key.Secret[:])
	return key
}
