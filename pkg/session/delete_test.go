package session_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var (
	anyUser = session.Caller{Tenant: "demo"}
	userU   = session.Caller{Tenant: "demo", User: "u"}
)

// Law 5: a deletion ends one session, by id or by a token of any generation. Afterwards no refresh succeeds.
func TestADeletionEndsOneSessionAlone(t *testing.T) {
	type deletion func(*harness, session.Grant, session.Grant) (session.Session, error)
	for name, del := range map[string]deletion{
		"by id": func(h *harness, g, _ session.Grant) (session.Session, error) {
			return h.Delete(t.Context(), anyUser, g.Session.ID)
		},
		"by its owner": func(h *harness, g, _ session.Grant) (session.Session, error) {
			return h.Delete(t.Context(), userU, g.Session.ID)
		},
		"by string": func(h *harness, g, _ session.Grant) (session.Session, error) {
			return h.DeleteByToken(t.Context(), userU, g.Refresh.Reveal())
		},
		"by an old string": func(h *harness, _, old session.Grant) (session.Session, error) {
			return h.DeleteByToken(t.Context(), anyUser, old.Refresh.Reveal())
		},
		"by its holder": func(h *harness, _, old session.Grant) (session.Session, error) {
			return h.LogOut(t.Context(), old.Refresh.Reveal())
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t)
			old := h.issue("u", "web")
			g, other := h.rotated(old, session.Rotated), h.issue("u", "web")
			gone, err := del(h, g, old)
			if err != nil || gone.ID != g.Session.ID || gone.Generation != 1 {
				t.Fatalf("got session %s of generation %d, %v, want %s of 1", gone.ID, gone.Generation, err, g.Session.ID)
			}
			if _, err := del(h, g, old); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("twice: got %v, want %v", err, session.ErrNoSession)
			}
			h.refused(g, session.ErrUnknown)
			h.refused(old, session.ErrUnknown)
			if got := [2]bool{h.live(g), h.live(other)}; got != [2]bool{false, true} {
				t.Errorf("the deleted session and the other one live: got %v, want [false true]", got)
			}
		})
	}
}

// Law 5: of concurrent deletes of one session exactly one answers with it.
func TestExactlyOneOfConcurrentDeletionsSucceeds(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	var succeeded atomic.Int32
	together(64, func(i int) {
		var err error
		if i%2 == 0 {
			_, err = h.Delete(t.Context(), anyUser, g.Session.ID)
		} else {
			_, err = h.DeleteByToken(t.Context(), userU, g.Refresh.Reveal())
		}
		if err == nil {
			succeeded.Add(1)
		} else if !errors.Is(err, session.ErrNoSession) {
			t.Errorf("got %v, want %v", err, session.ErrNoSession)
		}
	})
	if got := [2]int32{succeeded.Load(), h.store.deletes.Load()}; got != [2]int32{1, 1} {
		t.Errorf("successful deletions, and sessions deleted: got %v, want [1 1]", got)
	}
}

// A session that the caller may not see looks absent: the answer does not tell that it exists, and deletes nothing.
func TestSessionsOfOthersLookAbsent(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	for what, c := range map[string]session.Caller{
		"another user": {Tenant: "demo", User: "v"}, "another tenant": {Tenant: "other"}, "the user in another tenant": {Tenant: "other", User: "u"},
	} {
		_, err1 := h.Delete(t.Context(), c, g.Session.ID)
		_, err2 := h.DeleteByToken(t.Context(), c, g.Refresh.Reveal())
		_, err3 := h.Retrieve(t.Context(), c, g.Session.ID)
		_, err4 := h.DeleteByAnchor(t.Context(), c, g.Session.ID, "web")
		for i, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, session.ErrNoSession) {
				t.Errorf("%s, call %d: got %v, want %v", what, i+1, err, session.ErrNoSession)
			}
		}
	}
	if got, err := h.Retrieve(t.Context(), userU, g.Session.ID); err != nil || got.Key != g.Session.Key {
		t.Errorf("its owner: got %v, %v, want %v", got.Key, err, g.Session.Key)
	}
}

// Law 5: reads and deletions treat a stored session that is over as absent.
func TestSessionsThatAreOverCountAsAbsent(t *testing.T) {
	for name, kill := range map[string]func(*harness){
		"expired": func(h *harness) { h.Pass(idle) },
		"of an older epoch": func(h *harness) {
			if _, err := h.DeleteByApplication(h.t.Context(), "demo", "web"); err != nil {
				h.t.Fatalf("delete by application: %v", err)
			}
		},
		"without application": func(h *harness) { h.store.absent = "web" },
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t)
			a, b := h.issue("u", "web"), h.issue("u", "web")
			kill(h)
			_, err1 := h.Retrieve(t.Context(), anyUser, a.Session.ID)
			_, err2 := h.Delete(t.Context(), anyUser, a.Session.ID)
			_, err3 := h.DeleteByToken(t.Context(), anyUser, b.Refresh.Reveal())
			_, err4 := h.DeleteByAnchor(t.Context(), anyUser, a.Session.ID, "web")
			for i, err := range []error{err1, err2, err3, err4} {
				if !errors.Is(err, session.ErrNoSession) {
					t.Errorf("call %d: got %v, want %v", i+1, err, session.ErrNoSession)
				}
			}
			c := h.issue("u", "service")
			h.replace(a.Session)
			found, next, err := h.List(t.Context(), session.ListRequest{Tenant: "demo", User: "u", Limit: 10})
			if err != nil || next != nil || len(found) != 1 || found[0].ID != c.Session.ID {
				t.Errorf("list: got %d, next %v, %v, want %s alone", len(found), next, err, c.Session.ID)
			}
			ids, err := h.DeleteByUser(t.Context(), "demo", "u", "")
			if err != nil || !slices.Equal(ids, []token.ID{c.Session.ID}) {
				t.Errorf("delete by user: got %v, %v, want %s", ids, err, c.Session.ID)
			}
			if left := h.remains("u"); len(left) != 0 {
				t.Errorf("got %d stored sessions, want none", len(left))
			}
		})
	}
}

// Law 5: a deletion by user, or by user and application, names the sessions that it ended, newest first. It is idempotent
// and ends no session of another user.
func TestADeletionByUserEndsAllItsSessions(t *testing.T) {
	for _, page := range []int{0, 1, 3} {
		h := start(t)
		h.store.page = page
		var web, rest []token.ID
		for i := range 9 {
			app := []string{"web", "service", "guarded"}[i%3]
			id := h.issue("u", app).Session.ID
			if app == "web" {
				web = append([]token.ID{id}, web...)
			} else {
				rest = append([]token.ID{id}, rest...)
			}
		}
		others := []session.Grant{h.issue("v", "web"), h.issueIn("other", "u", "web")}
		for _, c := range []struct {
			application string
			want        []token.ID
		}{{"web", web}, {"", rest}, {"", []token.ID{}}, {"web", []token.ID{}}} {
			got, err := h.DeleteByUser(t.Context(), "demo", "u", c.application)
			if err != nil || !slices.Equal(got, c.want) || got == nil {
				t.Errorf("pages of %d, application %q: got %v, %v, want %v", page, c.application, got, err, c.want)
			}
		}
		for i, g := range others {
			if !h.live(g) {
				t.Errorf("pages of %d, another user's session %d: got it ended, want it live", page, i)
			}
		}
		if _, err := h.DeleteByUser(t.Context(), "demo", "u", "none"); !errors.Is(err, session.ErrNoApplication) {
			t.Errorf("unknown application: got %v, want %v", err, session.ErrNoApplication)
		}
	}
}

// Law 5: a deletion by application ends the sessions issued before it and keeps those issued after it.
func TestADeletionByApplicationEndsTheSessionsBeforeIt(t *testing.T) {
	h := start(t)
	before := []session.Grant{h.issue("u", "web"), h.issue("v", "web")}
	others := []session.Grant{h.issue("u", "service"), h.issueIn("other", "u", "web")}
	for want := uint64(1); want <= 3; want++ {
		if got, err := h.DeleteByApplication(t.Context(), "demo", "web"); err != nil || got != want {
			t.Errorf("epoch: got %d, %v, want %d", got, err, want)
		}
	}
	h.application("demo", "web", nil) // a change of an application keeps its epoch
	after := h.issue("u", "web")
	for i, g := range before {
		if h.live(g) {
			t.Errorf("session %d: got it live, want it ended", i)
		}
		h.refused(g, session.ErrUnknown)
	}
	for i, g := range append(others, after) {
		if !h.live(g) {
			t.Errorf("session %d, of another application or issued later: got it ended, want it live", i)
		}
	}
	if _, err := h.DeleteByApplication(t.Context(), "demo", "none"); !errors.Is(err, session.ErrNoApplication) {
		t.Errorf("unknown application: got %v, want %v", err, session.ErrNoApplication)
	}
}

// The anchor must be the id of a live session of that application in the caller's tenant. Otherwise nothing is deleted.
func TestADeletionByAnchorNeedsALiveSessionOfTheApplication(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	if _, err := h.DeleteByAnchor(t.Context(), anyUser, g.Session.ID, "service"); !errors.Is(err, session.ErrOtherApplication) {
		t.Errorf("another application: got %v, want %v", err, session.ErrOtherApplication)
	}
	if _, err := h.DeleteByAnchor(t.Context(), anyUser, token.ID{1}, "web"); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("unknown id: got %v, want %v", err, session.ErrNoSession)
	}
	for _, id := range []string{"web", "service"} {
		if app, err := h.store.Application(t.Context(), "demo", id); err != nil || app.Epoch != 0 {
			t.Errorf("%s: got epoch %d, %v, want 0", id, app.Epoch, err)
		}
	}
	if epoch, err := h.DeleteByAnchor(t.Context(), anyUser, g.Session.ID, "web"); err != nil || epoch != 1 || h.live(g) {
		t.Errorf("got epoch %d, %v, live %v, want 1 and the session ended", epoch, err, h.live(g))
	}
}
