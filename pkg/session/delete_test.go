package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var (
	tenant = Caller{Tenant: "demo"}
	userU  = Caller{Tenant: "demo", User: "u"}
)

// Law 5: one token by id, or by string of any generation; afterwards no refresh succeeds.
func TestDeletingOneSession(t *testing.T) {
	each(t, map[string]func(*world, Grant, Grant) (Session, error){
		"by id":        func(w *world, g, _ Grant) (Session, error) { return w.Delete(t.Context(), tenant, g.Session.ID) },
		"by its owner": func(w *world, g, _ Grant) (Session, error) { return w.Delete(t.Context(), userU, g.Session.ID) },
		"by string": func(w *world, g, _ Grant) (Session, error) {
			return w.DeleteByToken(t.Context(), userU, g.Refresh.Reveal())
		},
		"by an old string": func(w *world, _, old Grant) (Session, error) {
			return w.DeleteByToken(t.Context(), tenant, old.Refresh.Reveal())
		},
	}, func(t *testing.T, del func(*world, Grant, Grant) (Session, error)) {
		w := newWorld(t)
		old := w.issue("u", "web")
		g, other := w.rotated(old, Rotated), w.issue("u", "web")
		gone, err := del(w, g, old)
		if err != nil || gone.ID != g.Session.ID || gone.Generation != 1 {
			t.Fatalf("%v", err)
		}
		if _, err := del(w, g, old); !errors.Is(err, ErrNoSession) {
			t.Errorf("twice: %v", err)
		}
		w.refused(g, ErrUnknown)
		w.refused(old, ErrUnknown)
		if w.live(g) || !w.live(other) {
			t.Error("the wrong session is gone")
		}
	})
}

// Of concurrent deletes of one session exactly one answers with it.
func TestExactlyOneOfConcurrentDeletesWins(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	var won atomic.Int32
	together(64, func(i int) {
		var err error
		if i%2 == 0 {
			_, err = w.Delete(t.Context(), tenant, g.Session.ID)
		} else {
			_, err = w.DeleteByToken(t.Context(), userU, g.Refresh.Reveal())
		}
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, ErrNoSession) {
			t.Errorf("%v", err)
		}
	})
	if won.Load() != 1 || w.store.deletes != 1 {
		t.Errorf("%d deletes won", won.Load())
	}
}

// What a caller may not see is absent: existence is never told, and nothing is deleted.
func TestOthersSessionsAreAbsent(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	for what, c := range map[string]Caller{
		"another user": {Tenant: "demo", User: "v"}, "another tenant": {Tenant: "other"}, "the user in another tenant": {Tenant: "other", User: "u"},
	} {
		_, err1 := w.Delete(t.Context(), c, g.Session.ID)
		_, err2 := w.DeleteByToken(t.Context(), c, g.Refresh.Reveal())
		_, err3 := w.Retrieve(t.Context(), c, g.Session.ID)
		_, err4 := w.DeleteByAnchor(t.Context(), c, g.Session.ID, "web")
		for _, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, ErrNoSession) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if got, err := w.Retrieve(t.Context(), userU, g.Session.ID); err != nil || got.Key != g.Session.Key {
		t.Errorf("its owner: %v", err)
	}
}

// dead makes a session that is stored but over: expired, of an older epoch, or without its application.
var dead = map[string]func(*world, Grant){
	"expired": func(w *world, _ Grant) { w.pass(idle) },
	"of an older epoch": func(w *world, g Grant) {
		_, _ = w.store.AdvanceEpoch(context.Background(), g.Session.Tenant, g.Session.Application)
	},
	"without application": func(w *world, g Grant) { delete(w.store.apps, [2]string{g.Session.Tenant, g.Session.Application}) },
}

// Law 5: reads and deletes treat a dead session as absent.
func TestDeadSessionsCountAsAbsent(t *testing.T) {
	each(t, dead, func(t *testing.T, kill func(*world, Grant)) {
		w := newWorld(t)
		a, b := w.issue("u", "web"), w.issue("u", "web")
		kill(w, a)
		_, err1 := w.Retrieve(t.Context(), tenant, a.Session.ID)
		_, err2 := w.Delete(t.Context(), tenant, a.Session.ID)
		_, err3 := w.DeleteByToken(t.Context(), tenant, b.Refresh.Reveal())
		_, err4 := w.DeleteByAnchor(t.Context(), tenant, a.Session.ID, "web")
		for i, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, ErrNoSession) {
				t.Errorf("%d: %v", i, err)
			}
		}
		c := w.issue("u", "service")
		w.store.sessions[a.Session.Key] = a.Session
		found, more, err := w.List(t.Context(), ListRequest{Tenant: "demo", User: "u", Limit: 10})
		if err != nil || more || len(found) != 1 || found[0].ID != c.Session.ID {
			t.Errorf("listed %d, %v", len(found), err)
		}
		ids, err := w.DeleteByUser(t.Context(), "demo", "u", "")
		if err != nil || !slices.Equal(ids, []token.ID{c.Session.ID}) {
			t.Errorf("deleted %v, %v", ids, err)
		}
		if len(w.store.sessions) != 0 {
			t.Error("remains were left")
		}
	})
}

// Law 5: user, and user and application: how many and which, newest first; idempotent; nobody else is hit.
func TestDeletingByUser(t *testing.T) {
	for _, page := range []int{0, 1, 3} {
		w := newWorld(t)
		w.store.page = page
		var web, all []token.ID
		for i := range 9 {
			app := []string{"web", "service", "strict"}[i%3]
			id := w.issue("u", app).Session.ID
			all = append([]token.ID{id}, all...)
			if app == "web" {
				web = append([]token.ID{id}, web...)
			}
		}
		others := []Grant{w.issue("v", "web"), w.issueIn("other", "u", "web")}
		got, err := w.DeleteByUser(t.Context(), "demo", "u", "web")
		if err != nil || !slices.Equal(got, web) {
			t.Errorf("page %d: deleted %v instead of %v: %v", page, got, web, err)
		}
		rest := slices.DeleteFunc(all, func(id token.ID) bool { return slices.Contains(web, id) })
		if got, err = w.DeleteByUser(t.Context(), "demo", "u", ""); err != nil || !slices.Equal(got, rest) {
			t.Errorf("page %d: deleted %v instead of %v: %v", page, got, rest, err)
		}
		for _, app := range []string{"", "web"} {
			if got, err = w.DeleteByUser(t.Context(), "demo", "u", app); err != nil || len(got) != 0 || got == nil {
				t.Errorf("again: %v, %v", got, err)
			}
		}
		for _, g := range others {
			if !w.live(g) {
				t.Error("someone else's session is gone")
			}
		}
		if _, err := w.DeleteByUser(t.Context(), "demo", "u", "none"); !errors.Is(err, ErrNoApplication) {
			t.Errorf("unknown application: %v", err)
		}
	}
}

// Law 5: no session issued before an epoch survives, none issued after is hit.
func TestDeletingByApplication(t *testing.T) {
	w := newWorld(t)
	before := []Grant{w.issue("u", "web"), w.issue("v", "web")}
	others := []Grant{w.issue("u", "service"), w.issueIn("other", "u", "web")}
	for want := uint64(1); want <= 3; want++ {
		if got, err := w.DeleteByApplication(t.Context(), "demo", "web"); err != nil || got != want {
			t.Errorf("epoch %d, %v", got, err)
		}
	}
	w.application("demo", "web", nil) // changing an application leaves its epoch
	after := w.issue("u", "web")
	for _, g := range before {
		if w.live(g) {
			t.Error("a session survived")
		}
		w.refused(g, ErrUnknown)
	}
	for _, g := range append(others, after) {
		if !w.live(g) {
			t.Error("the wrong session is gone")
		}
	}
	if _, err := w.DeleteByApplication(t.Context(), "demo", "none"); !errors.Is(err, ErrNoApplication) {
		t.Errorf("%v", err)
	}
}

// The anchor must be a live token of that application in the caller's tenant, else nothing is deleted.
func TestDeletingByAnchor(t *testing.T) {
	w := newWorld(t)
	g := w.issue("u", "web")
	if _, err := w.DeleteByAnchor(t.Context(), tenant, g.Session.ID, "service"); !errors.Is(err, ErrOtherApplication) {
		t.Errorf("%v", err)
	}
	if _, err := w.DeleteByAnchor(t.Context(), tenant, token.ID{1}, "web"); !errors.Is(err, ErrNoSession) {
		t.Errorf("%v", err)
	}
	for _, app := range w.store.apps {
		if app.Epoch != 0 {
			t.Errorf("%s was deleted", app.ID)
		}
	}
	if epoch, err := w.DeleteByAnchor(t.Context(), tenant, g.Session.ID, "web"); err != nil || epoch != 1 || w.live(g) {
		t.Errorf("epoch %d, %v", epoch, err)
	}
}

// Lists run by creation, newest first, over all applications; dead sessions neither show nor shorten a page.
func TestListing(t *testing.T) {
	for _, page := range []int{0, 1, 2, 5} {
		w := newWorld(t)
		w.store.page = page
		var want, web []token.ID
		for i := range 12 {
			app := []string{"web", "service", "strict"}[i*7%3]
			g := w.issue("u", app)
			if i%4 == 1 { // dead ones in between
				s := w.store.sessions[g.Session.Key]
				s.Epoch = 99
				w.store.sessions[g.Session.Key] = s
				continue
			}
			want = append([]token.ID{g.Session.ID}, want...)
			if app == "web" {
				web = append([]token.ID{g.Session.ID}, web...)
			}
			w.pass(time.Duration(i%2) * time.Second)
		}
		w.issue("v", "web")
		for _, limit := range []int{1, 2, 3, 100} {
			for app, want := range map[string][]token.ID{"": want, "web": web, "none": nil} {
				if got := w.listAll(app, limit); !slices.Equal(got, want) {
					t.Errorf("page %d, limit %d, %q: %v instead of %v", page, limit, app, got, want)
				}
			}
		}
	}
}

// listAll follows the cursor and checks every page on the way. A page that is not the last is full.
func (w *world) listAll(app string, limit int) (ids []token.ID) {
	w.t.Helper()
	req := ListRequest{Tenant: "demo", User: "u", Application: app, Limit: limit}
	for {
		page, more, err := w.List(context.Background(), req)
		if err != nil || len(page) > limit || more && len(page) != limit {
			w.t.Fatalf("page of %d, more %v, %v", len(page), more, err)
		}
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		if !more {
			return ids
		}
		last := page[len(page)-1]
		_, _ = w.store.Delete(context.Background(), last.Key) // the cursor's session need not exist any more
		defer func() { w.store.sessions[last.Key] = last }()
		req.Before = &last.ID
	}
}

// More than a hundred applications are asked for in batches of a hundred.
func TestListingOverManyApplications(t *testing.T) {
	w := newWorld(t)
	for i := range 250 {
		app := fmt.Sprintf("app-%d", i)
		w.application("demo", app, nil)
		w.issue("u", app)
	}
	if got := w.listAll("", 100); len(got) != 250 {
		t.Errorf("%d sessions", len(got))
	}
}
