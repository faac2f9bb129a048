package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func ptr[T any](v T) *T { return &v }

func (h *harness) update(g session.Grant, p session.Patch) (session.Session, error) {
	return h.Update(h.t.Context(), session.Caller{Tenant: "demo"}, g.Session.ID, p)
}

// updated updates and wants success.
func (h *harness) updated(g session.Grant, p session.Patch) session.Session {
	h.t.Helper()
	s, err := h.update(g, p)
	h.want("update", err, nil)
	return s
}

// RFC 7396, appendix A, but for the cases whose document is no object, and some of this service.
func TestAnUpdateOfClaimsIsAMergePatch(t *testing.T) {
	h := start(t)
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, ``},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{``, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{``, `{"a":[null,{"b":null}]}`, `{"a":[null,{"b":null}]}`},
		{`{"n":12345678901234567890}`, `{"m": 1.50 }`, `{"m":1.50,"n":12345678901234567890}`},
		{`{"a":1}`, `{"a":{"b":null}}`, `{"a":{}}`},
		{`{"a":{"b":1}}`, `{"a":{"b":null}}`, `{"a":{}}`},
		{``, `{"a":"<&>"}`, `{"a":"\u003c\u0026\u003e"}`},
	} {
		g, err := h.Issue(t.Context(), session.IssueRequest{
			Tenant: "demo", User: "u", Application: "web", Claims: json.RawMessage(c.target),
		})
		h.want("issue", err, nil)
		if got := h.updated(g, session.Patch{Claims: json.RawMessage(c.patch)}); string(got.Claims) != c.want {
			t.Errorf("%s by %s: got %s, want %s", c.target, c.patch, got.Claims, c.want)
		}
	}
}

// An update shows with the next refresh. The refresh token works on, and so do access tokens that are not superseded.
func TestAnUpdateShowsWithTheNextRefresh(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	end := g.Session.AbsoluteExpiresAt.Add(-time.Hour)
	got := h.updated(g, session.Patch{
		Claims: json.RawMessage(`{"plan":"pro"}`), Scope: ptr("read"), DeviceName: ptr("Phone"), AbsoluteExpiresAt: end,
	})
	if got.Scope != "read" || got.Device.Name != "Phone" || !got.AbsoluteExpiresAt.Equal(end) || got.Updates != 1 {
		t.Errorf("got %+v, want the new values after one update", got)
	}
	if !got.Accepts(h.access(g), h.Now()) {
		t.Error("the access token before: got refused, want accepted")
	}
	next := h.access(h.rotated(g, session.Rotated))
	if next.Scope != "read" || next.SessionVersion != 0 {
		t.Errorf("got scope %q, version %d; want read, 0", next.Scope, next.SessionVersion)
	}
	got = h.updated(g, session.Patch{Claims: json.RawMessage(`{"plan":null}`), Scope: ptr(""), DeviceName: ptr("")})
	if got.Scope != "" || got.Device != nil || got.Claims != nil || got.Generation != 1 {
		t.Errorf("got %+v, want a rotated session without scope, device and claims", got)
	}
}

// Law 6: supersede ends all access tokens handed out before, at once. A retry and the next refresh work on.
func TestSupersedeEndsTheAccessTokensHandedOutBefore(t *testing.T) {
	h := start(t)
	for _, application := range []string{"web", "service"} {
		g := h.issue("u", application)
		next, err := h.refresh(g)
		h.want("refresh", err, nil)
		s := h.updated(g, session.Patch{Supersede: true})
		for name, before := range map[string]session.Grant{"of the issue": g, "of the refresh": next} {
			if s.Accepts(h.access(before), h.Now()) {
				t.Errorf("%s: the access token %s: got accepted, want refused", application, name)
			}
		}
		for _, presented := range []session.Grant{g, next} { // a retry, then the next refresh
			again, err := h.refresh(presented)
			h.want("refresh", err, nil)
			if !again.Session.Accepts(h.access(again), h.Now()) {
				t.Errorf("%s: the next access token: got refused, want accepted", application)
			}
		}
		if s = h.updated(g, session.Patch{Supersede: true}); s.SessionVersion != 2 {
			t.Errorf("%s: a repeated supersede: got version %d, want 2", application, s.SessionVersion)
		}
	}
}

// Whoever verifies access tokens offline knows it from the entry alone: what was signed until then is over.
func TestTheEntryOfASupersedeSaysSoAndIsLaterThanTheTokens(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	for _, p := range []session.Patch{{Scope: ptr("a")}, {Scope: ptr("b"), Supersede: true}} {
		h.Pass(time.Millisecond) // entries of one have no order
		h.updated(g, p)
	}
	var last session.Grant
	store := updating{h.store, func() { // after the update by user began
		h.Pass(3 * time.Second)
		var err error
		last, err = h.refresh(g)
		h.want("refresh", err, nil)
	}}
	q := session.Query{Tenant: "demo", User: "u", Application: "web"}
	if _, _, err := session.NewUserUpdater(store, h.Now).UpdateByUser(t.Context(), q, session.Patch{Supersede: true}); err != nil {
		t.Fatal(err)
	}
	var got []string
	entries := h.entries("u")
	for _, e := range entries {
		got = append(got, string(e.Event)+string(e.Changed))
	}
	want := []string{"issued", "updated", `updated{"supersede":true}`, `updated{"supersede":true}`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	signed, at := h.access(last).IssuedAt, entries[len(entries)-1].ID.Time()
	if s := h.remains("u")[0]; s.Accepts(h.access(last), h.Now()) || at.Unix() < signed {
		t.Errorf("a token signed at %d: got an entry of %s, want one of that time or later", signed, at)
	}
}

// faulty wants the fields at fault, and that nothing changes.
func (h *harness) faulty(g session.Grant, p session.Patch, fields string) {
	h.t.Helper()
	before := h.remains(g.Session.User)
	var bad *session.InputError
	_, err := h.update(g, p)
	if !errors.As(err, &bad) {
		h.t.Fatalf("%+v: got %v, want fields at fault", p, err)
	}
	var got []string
	for _, f := range bad.Fields {
		got = append(got, f.Field+" "+f.Code)
	}
	if strings.Join(got, ", ") != fields {
		h.t.Fatalf("%+v: got %s, want %s", p, strings.Join(got, ", "), fields)
	}
	if after := h.remains(g.Session.User); fmt.Sprint(after) != fmt.Sprint(before) {
		h.t.Fatalf("%+v: got %v, want %v as before", p, after, before)
	}
}

func TestAPatchThatDoesNotFitChangesNothing(t *testing.T) {
	h := start(t)
	g, err := h.Issue(t.Context(), session.IssueRequest{
		Tenant: "demo", User: "u", Application: "web", Claims: json.RawMessage(`{"a":"` + strings.Repeat("x", 1000) + `"}`),
	})
	h.want("issue", err, nil)
	deep := strings.Repeat(`{"a":`, 9) + "null" + strings.Repeat("}", 9)
	end := g.Session.AbsoluteExpiresAt
	for _, c := range []struct {
		patch  session.Patch
		fields string
	}{
		{session.Patch{Claims: json.RawMessage(`{"sub":"x","CNF":1,"gone":null}`)}, "claims.CNF reserved, claims.sub reserved"},
		{session.Patch{Claims: json.RawMessage(`{"b":"` + strings.Repeat("x", 1100) + `"}`)}, "claims tooLong"},
		{session.Patch{Claims: json.RawMessage(deep), Scope: ptr("read")}, "claims tooDeep"},
		{session.Patch{AbsoluteExpiresAt: h.Now().Truncate(time.Millisecond)}, "absoluteExpiresAt outOfRange"},
		{session.Patch{AbsoluteExpiresAt: end.Add(time.Millisecond), Supersede: true}, "absoluteExpiresAt outOfRange"},
	} {
		h.faulty(g, c.patch, c.fields)
	}
	h.wantEntries("u", 1)
	h.updated(g, session.Patch{AbsoluteExpiresAt: end, Claims: json.RawMessage(`{"sub":null}`)}) // as it is
	h.wantEntries("u", 1)
}

// Law 9: an update has a reason and an author. One that changes nothing writes nothing.
func TestAnUpdateLeavesOneEntry(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	h.issue("u", "service")
	all := session.Query{Tenant: "demo", User: "u"}
	h.Pass(time.Millisecond)
	_, err := h.Update(byKey(t.Context()), session.Caller{Tenant: "demo"}, g.Session.ID, session.Patch{Scope: ptr("read")})
	h.want("update", err, nil)
	h.updated(g, session.Patch{Scope: ptr("read")})
	h.Pass(time.Millisecond)
	ids, remaining, err := h.UpdateByUser(t.Context(), all, session.Patch{Scope: ptr("read")})
	if err != nil || len(ids) != 1 || remaining != 0 {
		t.Fatalf("got %v, %d, %v; want the one that is not as asked", ids, remaining, err)
	}
	_, _, err = h.UpdateByUser(t.Context(), all, session.Patch{Scope: ptr("read")})
	h.want("repeated", err, nil)
	h.wantEntries("u", 2, "updated|web|1|admin|key:k", "updated||1||service")
}

// A session that is over, or that the caller may not see, does not exist.
func TestOnlyALiveSessionOfTheCallerIsUpdated(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	p := session.Patch{Scope: ptr("read")}
	for _, c := range []session.Caller{{Tenant: "other"}, {Tenant: "demo", User: "v"}} {
		_, err := h.Update(t.Context(), c, g.Session.ID, p)
		h.want("another caller", err, session.ErrNoSession)
	}
	_, err := h.Update(t.Context(), session.Caller{Tenant: "demo", User: "u"}, g.Session.ID, p)
	h.want("the owner", err, nil)
	_, err = h.DeleteByApplication(t.Context(), "demo", "web")
	h.want("delete by application", err, nil)
	_, err = h.update(g, p)
	h.want("of an older epoch", err, session.ErrNoSession)
	_, _, err = h.UpdateByUser(t.Context(), session.Query{Tenant: "demo", User: "u", Application: "nothing"}, p)
	h.want("of no application", err, session.ErrNoApplication)
	old := h.issue("u", "web")
	h.Pass(30 * 24 * time.Hour)
	_, err = h.update(old, p)
	h.want("idle for too long", err, session.ErrNoSession)
}

// updating is a store in which something happens before each write of an update.
type updating struct {
	*watched

	before func()
}

func (u updating) Update(ctx context.Context, up session.Update) (session.Session, bool, error) {
	u.before()
	return u.watched.Update(ctx, up)
}

// Of concurrent updates all take effect; a concurrent rotation neither fails nor loses one.
func TestConcurrentUpdatesAndRefreshesAllTakeEffect(t *testing.T) {
	h := start(t)
	g := h.issue("u", "web")
	together(33, func(i int) {
		if i == 32 {
			h.rotated(g, session.Rotated)
			return
		}
		h.updated(g, session.Patch{Claims: json.RawMessage(fmt.Sprintf(`{"c%d":%d}`, i, i)), Supersede: i%2 == 0})
	})
	s := h.remains("u")[0]
	var claims map[string]int
	if err := json.Unmarshal(s.Claims, &claims); err != nil || len(claims) != 32 || s.SessionVersion != 16 || s.Generation != 1 {
		t.Errorf("got %d claims, version %d, generation %d, %v; want 32, 16 and 1", len(claims), s.SessionVersion, s.Generation, err)
	}
}

// What happens between the read and the write of an update is judged again.
func TestAnUpdateIsRepeatedForTheSessionAsItIsNow(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(h *harness, g session.Grant)
		want      error
	}{
		"another update": {func(h *harness, g session.Grant) { h.updated(g, session.Patch{Scope: ptr("other")}) }, nil},
		"a rotation":     {func(h *harness, g session.Grant) { h.rotated(g, session.Rotated) }, nil},
		"a deletion": {func(h *harness, g session.Grant) {
			_, err := h.Delete(h.t.Context(), anyUser, g.Session.ID)
			h.want("delete", err, nil)
		}, session.ErrNoSession},
		"an earlier end": {func(h *harness, g session.Grant) {
			h.updated(g, session.Patch{AbsoluteExpiresAt: h.Now().Add(500 * time.Millisecond)})
		}, session.ErrNoSession},
	} {
		h := start(t)
		g := h.issue("u", "web")
		once := c.meanwhile
		store := updating{h.store, func() {
			if run := once; run != nil {
				once = nil
				run(h, g)
			}
		}}
		s, err := session.NewUpdater(store, h.Now).Update(t.Context(), anyUser, g.Session.ID, session.Patch{DeviceName: ptr("Phone")})
		if !errors.Is(err, c.want) || err == nil && s.Device.Name != "Phone" {
			t.Errorf("%s: got %+v, %v; want %v", name, s.Device, err, c.want)
		}
	}
}
