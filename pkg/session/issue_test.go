package session

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func TestIssueStartsASession(t *testing.T) {
	w := newWorld(t)
	device := &Device{Name: "phone"}
	g, err := w.Issue(t.Context(), IssueRequest{
		Tenant: "demo", User: "u", Application: "web", Scope: "a b", Device: device, Claims: []byte(`{"role":"x"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := w.store.get(g.Session.Key)
	if s.Generation != 0 || !s.RotatedAt.IsZero() || s.Device != device || s.Scope != "a b" || g.Outcome != Issued || g.ExpiresIn != 900 {
		t.Errorf("stored %+v", s)
	}
	if !s.CreatedAt.Equal(s.ID.Time()) || !s.CreatedAt.Equal(w.now().Truncate(time.Millisecond)) ||
		!s.AbsoluteExpiresAt.Equal(s.CreatedAt.Add(180*24*time.Hour)) || !s.IdleExpiresAt.Equal(s.CreatedAt.Add(idle)) {
		t.Errorf("times %v %v %v", s.CreatedAt, s.IdleExpiresAt, s.AbsoluteExpiresAt)
	}
	got, err := w.Identify(t.Context(), g.Refresh.Reveal())
	if err != nil || keyOf(got) != g.Session.Key || !got.Secret.Hash().Equal(s.SecretHash) {
		t.Errorf("the token does not locate its session: %v", err)
	}
	if strings.Contains(string(got.Secret[:]), string(s.SecretHash[:])) {
		t.Error("the secret itself is stored")
	}
}

// Ids too long for a 255-character token are a fault of userId, and the message says how many bytes are left.
func TestIssueSaysHowMuchRoomIsLeft(t *testing.T) {
	w := newWorld(t)
	room := token.Room("demo", "", "web")
	for n, want := range map[int]bool{room: true, room + 1: false} {
		_, err := w.Issue(t.Context(), IssueRequest{Tenant: "demo", User: strings.Repeat("u", n), Application: "web"})
		var bad *InputError
		if want != (err == nil) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if want {
			continue
		}
		if !errors.As(err, &bad) || len(bad.Fields) != 1 || bad.Fields[0].Field != "userId" ||
			!strings.Contains(bad.Fields[0].Message, "105 bytes are left") || !strings.Contains(bad.Fields[0].Message, "255 characters") {
			t.Errorf("%+v", bad)
		}
		if strings.Contains(err.Error(), "uuu") {
			t.Error("the error quotes the id")
		}
	}
	var bad *InputError
	_, err := w.Issue(t.Context(), IssueRequest{Tenant: strings.Repeat("t", 128), User: "u", Application: "web"})
	if !errors.As(err, &bad) || !strings.Contains(bad.Fields[0].Message, "0 bytes are left") {
		t.Errorf("%v", err)
	}
	if len(w.store.sessions) != 1 {
		t.Errorf("%d sessions stored", len(w.store.sessions))
	}
}

func TestIssueNeedsItsApplication(t *testing.T) {
	w := newWorld(t)
	for _, req := range []IssueRequest{
		{Tenant: "demo", User: "u", Application: "none"},
		{Tenant: "none", User: "u", Application: "web"},
		{Tenant: "other", User: "u", Application: "service"},
	} {
		if _, err := w.Issue(t.Context(), req); !errors.Is(err, ErrNoApplication) {
			t.Errorf("%+v: %v", req, err)
		}
	}
}

func TestIssueWithoutRandomnessStoresNothing(t *testing.T) {
	w := newWorld(t)
	w.minter.random = strings.NewReader("too short")
	w.over(w.store)
	if _, err := w.Issue(t.Context(), IssueRequest{Tenant: "demo", User: "u", Application: "web"}); err == nil || len(w.store.sessions) != 0 {
		t.Errorf("%v, %d sessions", err, len(w.store.sessions))
	}
}

// maxSessionsPerUser counts live sessions per user and application; the oldest leaves.
func TestTheOldestSessionLeaves(t *testing.T) {
	for _, page := range []int{0, 1, 2} {
		w := newWorld(t)
		w.store.page = page
		w.application("demo", "few", func(s *Settings) { s.MaxSessionsPerUser = 3 })
		others := []Grant{w.issue("v", "few"), w.issue("u", "web"), w.issueIn("other", "u", "web")}
		var grants []Grant
		for i := range 7 {
			grants = append(grants, w.issue("u", "few"))
			for j, g := range grants {
				if want := j > i-3; w.live(g) != want || w.store.has(g.Session.Key) != want {
					t.Errorf("after %d: session %d lives = %v", i+1, j, !want)
				}
			}
		}
		for _, g := range others {
			if !w.live(g) {
				t.Error("a session of someone else left")
			}
		}
		w.rotated(grants[4], Rotated) // a refresh makes no session younger
		w.issue("u", "few")
		if w.live(grants[4]) || !w.live(grants[5]) {
			t.Error("another than the oldest left")
		}
	}
}

func TestDeadSessionsTakeNoPlace(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "few", func(s *Settings) { s.MaxSessionsPerUser, s.RefreshIdleSeconds = 2, 10 })
	kept := w.issue("u", "few")
	w.issue("u", "few") // newer, and expired when the next one comes
	w.pass(6 * time.Second)
	kept = w.rotated(kept, Rotated)
	w.pass(5 * time.Second)
	w.issue("u", "few")
	if !w.live(kept) {
		t.Error("an expired session drove a live one out")
	}
}

func TestNoLimitMeansNone(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "many", func(s *Settings) { s.MaxSessionsPerUser = 0 })
	for range 150 {
		w.issue("u", "many")
	}
	if len(w.store.sessions) != 150 {
		t.Errorf("%d sessions", len(w.store.sessions))
	}
}

// However many are issued at once, no more than allowed stay, and those are the newest.
func TestConcurrentIssuesKeepTheLimit(t *testing.T) {
	w := newWorld(t)
	w.application("demo", "few", func(s *Settings) { s.MaxSessionsPerUser = 5 })
	var mu sync.Mutex
	var ids []Session
	together(64, func(int) {
		w.pass(time.Millisecond)
		g, err := w.Issue(t.Context(), IssueRequest{Tenant: "demo", User: "u", Application: "few"})
		if err != nil {
			t.Errorf("issue: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, g.Session)
	})
	live, _, err := w.List(t.Context(), ListRequest{Tenant: "demo", User: "u", Limit: 100})
	if err != nil || len(live) != 5 {
		t.Fatalf("%d sessions live, %v", len(live), err)
	}
	newer := 0
	for _, s := range ids {
		if newestFirst(s, live[4]) < 0 {
			newer++
		}
	}
	if newer != 4 {
		t.Errorf("%d sessions are newer than the oldest that stayed", newer)
	}
}

func TestSettingsHaveLimits(t *testing.T) {
	if bad := DefaultSettings().Validate(); len(bad) != 0 {
		t.Errorf("the defaults: %v", bad)
	}
	if bad := (Settings{}).Validate(); len(bad) != 4 { // zero overlap and no limit of sessions are settings
		t.Errorf("the zero value: %v", bad)
	}
	for field, change := range map[string]func(*Settings){
		"accessTokenSeconds":     func(s *Settings) { s.AccessTokenSeconds = MaxAccessSeconds + 1 },
		"refreshIdleSeconds":     func(s *Settings) { s.RefreshIdleSeconds = -1 },
		"refreshAbsoluteSeconds": func(s *Settings) { s.RefreshAbsoluteSeconds = MaxAbsoluteSeconds + 1 },
		"usage":                  func(s *Settings) { s.Usage = "onetime" },
		"overlapSeconds":         func(s *Settings) { s.OverlapSeconds = 301 },
		"maxSessionsPerUser":     func(s *Settings) { s.MaxSessionsPerUser = -1 },
	} {
		s := DefaultSettings()
		change(&s)
		if bad := s.Validate(); len(bad) != 1 || bad[0].Field != field || bad[0].Message == "" {
			t.Errorf("%s: %v", field, bad)
		}
	}
}
