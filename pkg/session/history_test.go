package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// entries returns the entries of a user of tenant demo, the oldest first; "" for those of the tenant.
func (h *harness) entries(user string) (all []session.Entry) {
	h.t.Helper()
	found, more, err := h.store.Entries(h.t.Context(), session.EntryQuery{Tenant: "demo", User: user, Limit: 1000})
	if err != nil || more {
		h.t.Fatalf("entries: more %v, %v", more, err)
	}
	for i := range found {
		all = append(all, found[len(found)-1-i])
	}
	return all
}

// wantEntries compares the entries from the index since on, each as "event|application|count|reason|by".
func (h *harness) wantEntries(user string, since int, want ...string) {
	h.t.Helper()
	var got []string
	for _, e := range h.entries(user)[since:] {
		got = append(got, strings.Join([]string{string(e.Event), e.Application, string(rune('0' + e.Count)), e.Reason, e.By}, "|"))
	}
	slices.Sort(got) // entries of one millisecond have no order
	slices.Sort(want)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		h.t.Fatalf("entries of %q: got\n%s\nwant\n%s", user, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func byKey(ctx context.Context) context.Context {
	return session.WithCause(ctx, session.Cause{By: "key:k", Reason: "admin", IP: "192.0.2.1", RequestID: "r"})
}

// Law 9: every ending has a reason and an author.
func TestEachChangeLeavesOneEntry(t *testing.T) {
	h := start(t)
	a, b := h.issue("u", "web"), h.issue("u", "web")
	h.issue("u", "service")
	h.wantEntries("u", 0, "issued|web|1||service", "issued|web|1||service", "issued|service|1||service")
	if _, err := h.Delete(byKey(t.Context()), anyUser, a.Session.ID); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Millisecond)
	if _, err := h.LogOut(t.Context(), b.Refresh.Reveal()); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Millisecond)
	d := h.issue("u", "web")
	if err := h.Revoke(byKey(t.Context()), d.Access.Reveal(), ""); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Millisecond)
	e := h.issue("u", "web")
	if ids, err := h.DeleteOthers(byKey(t.Context()), "demo", "u", "", e.Session.ID); err != nil || len(ids) != 1 {
		t.Fatalf("got %v, %v, want one session", ids, err)
	}
	h.Pass(time.Millisecond)
	if _, err := h.DeleteByUser(t.Context(), "demo", "u", "web"); err != nil {
		t.Fatal(err)
	}
	h.wantEntries("u", 3, "deleted|web|1|admin|key:k", "deleted|web|1|logout|user:"+b.Session.ID.String(),
		"issued|web|1||service", "deleted|web|1|logout|user:"+d.Session.ID.String(),
		"issued|web|1||service", "deleted||1|admin|key:k", "deleted|web|1||service")
	if got := h.entries("u")[3]; got.IP != "192.0.2.1" || got.RequestID != "r" || got.Sessions[0] != a.Session.ID {
		t.Errorf("got %+v, want the address, the request and the session", got)
	}
	if _, err := h.DeleteByApplication(byKey(t.Context()), "demo", "web"); err != nil {
		t.Fatal(err)
	}
	h.wantEntries("", 0, "deleted|web|0|admin|key:k")
	if got := h.entries("")[0]; got.Epoch != 1 {
		t.Errorf("got epoch %d, want 1", got.Epoch)
	}
}

// A call that ends nothing leaves no entry, and neither does an ordinary refresh.
func TestWhatChangesNothingLeavesNoEntry(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	next := h.rotated(g, session.Rotated)
	h.rotated(g, session.Retried)
	_, err := h.Delete(t.Context(), session.Caller{Tenant: "demo", User: "v"}, g.Session.ID)
	h.want("delete", err, session.ErrNoSession)
	for _, kept := range []token.ID{{1}, h.issue("v", "web").Session.ID} {
		if _, err := h.DeleteOthers(t.Context(), "demo", "u", "", kept); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("an unknown session to keep: got %v, want %v", err, session.ErrNoSession)
		}
	}
	if _, err := h.DeleteOthers(t.Context(), "demo", "u", "service", g.Session.ID); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("a session to keep of another application: got %v, want %v", err, session.ErrNoSession)
	}
	if !h.live(next) {
		t.Error("got the session deleted, want it live")
	}
	if _, err := h.DeleteByUser(t.Context(), "demo", "nobody", ""); err != nil {
		t.Fatal(err)
	}
	h.Pass(idle)
	h.want("revoke", h.Revoke(t.Context(), next.Refresh.Reveal(), ""), session.ErrNoSession)
	h.wantEntries("u", 0, "issued|web|1||service")
	h.wantEntries("nobody", 0)
}

// Law 9: reuse and an eviction leave an entry each, and a retry from elsewhere leaves one for each generation.
func TestReuseEvictionAndRetriesFromElsewhereLeaveEntries(t *testing.T) {
	h := start(t)
	h.application("demo", "few", func(s *session.Settings) { s.MaxSessionsPerUser = 2 })
	first := h.issue("u", "few")
	h.issue("u", "few")
	h.issue("u", "few")
	h.wantEntries("u", 2, "evicted|few|1|limit|service", "issued|few|1||service")
	if got := h.entries("u")[2:]; got[0].Sessions[0] != first.Session.ID && got[1].Sessions[0] != first.Session.ID {
		t.Errorf("evicted: got %+v, want %v among them", got, first.Session.ID)
	}

	g := h.issue("r", "web")
	here, elsewhere := session.SeenFrom("192.0.2.1", "Browser"), session.SeenFrom("198.51.100.1", "curl")
	present := func(g session.Grant, seen session.Seen) session.Grant {
		next, err := h.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal(), Seen: seen})
		if err != nil {
			t.Fatal(err)
		}
		h.Pass(time.Millisecond)
		return next
	}
	second := present(g, here)
	for range 3 {
		present(g, elsewhere)
	}
	present(second, here)
	present(second, elsewhere)
	h.wantEntries("r", 1, "retry_elsewhere|web|1||service", "retry_elsewhere|web|1||service")
	h.Pass(time.Hour)
	for range 2 {
		if _, err := h.refresh(g); err == nil {
			t.Fatal("got a refresh, want a reuse")
		}
	}
	h.wantEntries("r", 3, "reuse_detected|web|1|reuse|service")
}

// An entry names the first 50 sessions and counts all.
func TestAnEntryNamesTheFirstSessionsAndCountsAll(t *testing.T) {
	h := start(t)
	h.application("demo", "many", func(s *session.Settings) { s.MaxSessionsPerUser = 0 })
	for range 60 {
		h.issue("u", "many")
	}
	ids, err := h.DeleteByUser(t.Context(), "demo", "u", "")
	if err != nil {
		t.Fatal(err)
	}
	e := h.entries("u")[60]
	if len(e.Sessions) != 50 || e.Sessions[0] != ids[0] || e.Count != 60 {
		t.Errorf("got %v of %d, want 50 of 60 from %v on", e.Sessions, e.Count, ids[0])
	}
}

// A log line of an entry has no user and no address.
func TestAnEntryInTheLogHasNoUser(t *testing.T) {
	e := session.Entry{User: "jane", Tenant: "acme", Event: session.EventDeleted, Cause: session.Cause{IP: "192.0.2.77", By: "key:k"}}
	text, _ := json.Marshal(e.LogValue().Any())
	line := e.LogValue().String() + string(text)
	for _, secret := range []string{"jane", "192.0.2.77"} {
		if strings.Contains(line, secret) {
			t.Errorf("got %s, want it without %s", line, secret)
		}
	}
	if !strings.Contains(line, "acme") || !strings.Contains(line, "key:k") {
		t.Errorf("got %s, want tenant and author", line)
	}
}

// hanging is a store that does not answer the write of an entry before its context ends.
type hanging struct{ given context.Context }

func (s *hanging) Record(ctx context.Context, _ session.Entry) { s.given = ctx }

// Law 9: an entry that cannot be written holds no answer: its write ends well before the invocation, and by itself.
func TestTheWriteOfAnEntryHasALimitOfItsOwn(t *testing.T) {
	type key struct{}
	parent, leave := context.WithTimeout(context.WithValue(t.Context(), key{}, "kept"), time.Second)
	end, _ := parent.Deadline()
	store := &hanging{}
	session.Record(parent, store, time.Now(), session.Entry{})
	if limit, limited := store.given.Deadline(); !limited || !limit.Before(end) || store.given.Value(key{}) != "kept" {
		t.Errorf("got the limit %v, %v; want one before %v, and the values of the request", limit, limited, end)
	}
	leave()
	store.given = nil
	before := time.Now()
	session.Record(t.Context(), store, time.Now(), session.Entry{})
	if limit, limited := store.given.Deadline(); !limited || limit.After(time.Now().Add(2*time.Second)) || !limit.After(before) {
		t.Errorf("without a deadline: got %v, %v, want two seconds", limit, limited)
	}
	watched := &left{}
	session.Record(parent, watched, time.Now(), session.Entry{})
	if errors.Is(watched.err, context.Canceled) {
		t.Error("the caller has left: got the write canceled, want it made")
	}
}

// left notes whether the context of a write was over when it began.
type left struct{ err error }

func (s *left) Record(ctx context.Context, _ session.Entry) { s.err = ctx.Err() }

// perhaps is a store whose deletions lose their first answer: they delete, and find nothing at the repetition.
type perhaps struct{ session.Store }

func (s perhaps) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	if _, err := s.Store.Delete(ctx, d); err != nil {
		return session.Session{}, err
	}
	return session.Session{}, session.ErrPerhapsDeleted
}

// Law 9: a lost answer loses no entry.
func TestAnEndingWhoseAnswerWasLostLeavesItsEntry(t *testing.T) {
	h := start(t)
	h.application("demo", "few", func(s *session.Settings) { s.MaxSessionsPerUser, s.OverlapSeconds = 1, 0 })
	h.issue("u", "few")
	verbs := h.keys.Verbs(perhaps{h.store.Store}, h.Now)
	if _, err := verbs.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "few"}); err != nil {
		t.Fatal(err)
	}
	h.wantEntries("u", 1, "evicted|few|1|limit|service", "issued|few|1||service")
	g := h.issue("v", "few")
	next := h.rotated(g, session.Rotated)
	h.rotated(next, session.Rotated)
	h.Pass(time.Hour)
	if _, err := verbs.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()}); !errors.Is(err, session.ErrReused) {
		t.Errorf("got %v, want %v", err, session.ErrReused)
	}
	h.wantEntries("v", 1, "reuse_detected|few|1|reuse|service")
	d := h.issue("w", "few")
	if _, err := verbs.LogOut(t.Context(), d.Refresh.Reveal()); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("got %v, want %v", err, session.ErrNoSession)
	}
	h.wantEntries("w", 1, "deleted|few|1|logout|user:"+d.Session.ID.String())
}
