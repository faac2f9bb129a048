package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

const otherSID = "019bc1f5-9a00-7000-8000-000000000002"

// delivered is an event of the service as EventBridge delivers it.
func delivered(c session.Change) verify.Event {
	e := event.Of(c)
	raw := fixture.Must(json.Marshal(event.Envelope{
		Version: "0", ID: e.Detail.ID, DetailType: e.Type, Source: event.Source, Account: "123456789012", Time: e.Detail.At,
		Region: "eu-west-1", Resources: []string{}, Detail: e.Detail,
	}))
	return fixture.Must(verify.ParseEvent(raw))
}

// entryAt is the change of a new entry of the history about one session of Alice's in web, changed.
func entryAt(at time.Time, kind session.Event, change func(*session.Entry)) session.Change {
	id, _ := token.ParseID(sid)
	e := session.Entry{Tenant: "demo", User: "alice", Event: kind, Sessions: []token.ID{id}, Count: 1, Application: "web"}
	if change != nil {
		change(&e)
	}
	return session.Change{ID: "e", At: at, Entry: &e}
}

func newDenylist(now func() time.Time) *verify.Denylist {
	d := verify.NewDenylist(15 * time.Minute)
	d.SetNow(now)
	return d
}

// claims are of a token that was signed at a time and lives for 15 minutes.
func claims(at time.Time, change func(*verify.Claims)) verify.Claims {
	c := verify.Claims{
		TenantID: "demo", UserID: "alice", ApplicationID: "web", SessionID: sid,
		IssuedAt: at.Truncate(time.Second), ExpiresAt: at.Truncate(time.Second).Add(15 * time.Minute),
	}
	if change != nil {
		change(&c)
	}
	return c
}

// Every event that an entry of the history can have is here, as pkg/session declares them.
func TestEveryKindOfEventEndsWhatItSays(t *testing.T) {
	at := fixture.Noon()
	ofTenant := func(e *session.Entry) { e.User, e.Sessions, e.Count, e.Epoch = "", nil, 0, 3 }
	ofKey := func(e *session.Entry) { e.User, e.Sessions, e.Application, e.APIKey = "", nil, "", "k" }
	// What is over: "session", "application", "user", "user in web", or "" for nothing.
	want := map[session.Event]string{
		session.EventIssued: "", session.EventUpdated: "", session.EventDeleted: "session", session.EventReuse: "session",
		session.EventEvicted: "session", session.EventDenied: "session", session.EventRetryElsewhere: "", session.EventRolledForward: "",
		session.EventImported: "", session.EventApplicationMade: "", session.EventApplicationChanged: "",
		session.EventApplicationDeleted: "application", session.EventKeyMade: "", session.EventKeyRotated: "", session.EventKeyDeleted: "",
	}
	for _, kind := range fixture.EntryEvents(t, "../session/history.go") {
		over, known := want[kind]
		if !known {
			t.Errorf("%s: want it in this test, and in the rules of the denylist if it ends something", kind)
		}
		var change func(*session.Entry)
		switch {
		case strings.HasPrefix(string(kind), "application."):
			change = ofTenant
		case strings.HasPrefix(string(kind), "key."):
			change = ofKey
		}
		wantOver(t, string(kind), delivered(entryAt(at, kind, change)), over)
	}
	key := session.Key{Tenant: "demo", User: "alice", Application: "web"}
	key.ID, _ = token.ParseID(sid)
	item := func(kind session.ChangeKind) verify.Event {
		return delivered(session.Change{ID: "e", At: at, Kind: kind, Key: key, Generation: 4})
	}
	supersede := func(change func(*session.Entry)) verify.Event {
		return delivered(entryAt(at, session.EventUpdated, func(e *session.Entry) {
			e.Changed = json.RawMessage(`{"supersede":true}`)
			change(e)
		}))
	}
	wantOver(t, "the item deleted", item(session.ItemDeleted), "session")
	wantOver(t, "the item expired", item(session.ItemExpired), "session")
	wantOver(t, "the item refreshed", item(session.ItemRefreshed), "")
	wantOver(t, "an epoch", delivered(entryAt(at, session.EventDeleted, ofTenant)), "application")
	wantOver(t, "a deletion of 51", delivered(entryAt(at, session.EventDeleted, func(e *session.Entry) { e.Count = 51 })), "session")
	wantOver(t, "superseded", supersede(func(*session.Entry) {}), "session before")
	wantOver(t, "51 superseded", supersede(func(e *session.Entry) { e.Count = 51 }), "user in web before")
	wantOver(t, "51 superseded in all", supersede(func(e *session.Entry) { e.Count, e.Application = 51, "" }), "user before")
}

// wantOver applies an event, and wants the tokens refused that it ends, and no others.
func wantOver(t *testing.T, name string, e verify.Event, over string) {
	t.Helper()
	at := fixture.Noon()
	clock := fixture.NewClock(at.Add(time.Second))
	d := newDenylist(clock.Now)
	d.Apply(e)
	d.Apply(e) // it may come again
	for _, c := range []struct {
		name   string
		change func(*verify.Claims)
		in     string // the extents that the token is in
	}{
		{"its token", nil, "session application user user-in-web"},
		{"another session's", func(c *verify.Claims) { c.SessionID = otherSID }, "application user user-in-web"},
		{"another application's", func(c *verify.Claims) { c.SessionID, c.ApplicationID = otherSID, "service" }, "user"},
		{"another user's", func(c *verify.Claims) { c.SessionID, c.UserID = otherSID, "bob" }, "application"},
		{"another tenant's", func(c *verify.Claims) { c.TenantID = "other" }, ""},
	} {
		what, before := strings.CutSuffix(over, " before")
		isIn := over != "" && strings.Contains(" "+c.in+" ", " "+strings.ReplaceAll(what, " ", "-")+" ")
		before = before || what == "application"
		for after, later := range map[time.Duration]bool{-10 * time.Minute: false, 0: false, verify.Clocks: false, verify.Clocks + time.Second: true} {
			want := isIn && (!before || !later)
			if got := d.Denies(claims(at.Add(after), c.change)); got != want {
				t.Errorf("%s, %s, signed %s after: got it refused: %t, want %t", name, c.name, after, got, want)
			}
		}
	}
	if over != "" && !strings.Contains(readme(), e.Type) {
		t.Errorf("%s: want the rule of README.md to let %s through", name, e.Type)
	}
	if got := d.Stats().Entries; (got > 0) != (over != "") || got > 1 {
		t.Errorf("%s: got %d entries, want one where something is over", name, got)
	}
}

// readme is the pattern of the rule in README.md.
var readme = sync.OnceValue(func() string {
	_, rule, _ := strings.Cut(string(fixture.Must(os.ReadFile("README.md"))), "detail-type: [")
	pattern, _, _ := strings.Cut(rule, "]")
	return pattern
})

// An entry outlives every token that it refuses, and no longer.
func TestEntriesExpireWithTheTokensThatTheyRefuse(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	d := newDenylist(s.Now)
	v := s.verifier(t, func(c *verify.Config) { c.Denylist, c.Leeway = d, time.Minute })
	last := s.sign(func(a *token.Access) { a.IssuedAt += 5; a.Expires += 5 }) // by the clock of another container
	d.Apply(delivered(entryAt(s.Now(), session.EventDeleted, nil)))
	for step := range int64(16 * 60 / 5) {
		_, err := v.Verify(t.Context(), last)
		over := step*5 >= 900+5+60
		if over != errors.Is(err, verify.ErrExpired) || !over && !errors.Is(err, verify.ErrRevoked) {
			t.Fatalf("%d s after the deletion: got %v, want it revoked, then expired", step*5, err)
		}
		s.Pass(seconds(5))
	}
	s.Pass(seconds(60))
	d.Apply(delivered(entryAt(s.Now(), session.EventDeleted, func(e *session.Entry) { e.Tenant = "other" })))
	if got := d.Stats().Entries; got != 1 {
		t.Errorf("got %d entries, want the new one alone", got)
	}
	d.Apply(delivered(entryAt(fixture.Noon(), session.EventDeleted, nil)))
	if got := d.Stats().Entries; got != 1 {
		t.Errorf("an old event: got %d entries, want none for it", got)
	}
}

// In any order: an older event never shortens what a newer one says.
func TestEventsMayComeInAnyOrder(t *testing.T) {
	clock := fixture.NewClock(fixture.Noon())
	older, newer := clock.Now().Add(-time.Minute), clock.Now()
	ends := func(at time.Time) verify.Event {
		return delivered(entryAt(at, session.EventDeleted, func(e *session.Entry) { e.User, e.Sessions, e.Epoch = "", nil, 1 }))
	}
	for _, order := range [][]time.Time{{older, newer}, {newer, older}} {
		d := newDenylist(clock.Now)
		for _, at := range order {
			d.Apply(ends(at))
		}
		if !d.Denies(claims(newer, nil)) || d.Denies(claims(newer.Add(6*time.Second), nil)) {
			t.Errorf("%v: want what was signed until the newer one refused, and what came later good", order)
		}
	}
}

func TestATokenThatOutlivesTheListIsRefused(t *testing.T) {
	d := newDenylist(fixture.Noon)
	if d.Denies(claims(fixture.Noon(), nil)) || !d.Denies(claims(fixture.Noon(), func(c *verify.Claims) { c.ExpiresAt = c.ExpiresAt.Add(1) })) {
		t.Error("want a token of 15 minutes good, and a longer one refused")
	}
	longest := verify.NewDenylist(0)
	if verify.LongestLife != session.MaxAccessSeconds*time.Second || longest.Denies(claims(fixture.Noon(), func(c *verify.Claims) {
		c.ExpiresAt = c.IssuedAt.Add(verify.LongestLife)
	})) {
		t.Error("want the longest life of an access token as the default")
	}
}

// Law 5 for others: refused once the event is here.
func TestAnEventOnTheChannelEndsATokenAndStatsSayHowLate(t *testing.T) {
	s := newServer(t, keysOf["ES256"]())
	d := newDenylist(s.Now)
	v := s.verifier(t, func(c *verify.Config) { c.Denylist = d })
	text := s.sign(nil)
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if stats := d.Stats(); stats != (verify.Stats{}) {
		t.Errorf("got %+v, want nothing", stats)
	}
	events := make(chan verify.Event)
	followed := make(chan error, 1)
	go func() { followed <- d.Follow(t.Context(), events) }()
	deleted := delivered(entryAt(s.Now(), session.EventDeleted, nil))
	s.Pass(seconds(2))
	events <- deleted
	close(events)
	if err := <-followed; err != nil {
		t.Errorf("a closed channel: got %v, want none", err)
	}
	if _, err := v.Verify(t.Context(), text); !errors.Is(err, verify.ErrRevoked) || !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrRevoked", err)
	}
	if got, want := d.Stats(), (verify.Stats{Entries: 1, Latest: fixture.Noon(), Delay: 2 * time.Second}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Follow(ctx, make(chan verify.Event)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: got %v, want its error", err)
	}
}

// NewDenylist says what an entry costs.
func TestAnEntryTakesSome250Bytes(t *testing.T) {
	const entries = 100_000
	d := newDenylist(fixture.Noon)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range entries {
		d.Apply(verify.Event{Type: "token.deleted", Detail: verify.Detail{
			At: fixture.Noon(), TenantID: "demo", TokenID: fmt.Sprintf("019bc1f5-9a00-7000-8000-%012d", n),
		}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / entries
	if each > 400 || d.Stats().Entries != entries {
		t.Errorf("got %d bytes for each of %d entries, want at most 400", each, d.Stats().Entries)
	}
	t.Logf("%d bytes for an entry", each)
}
