package session_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func TestIssueStoresASessionThatItsTokenLocates(t *testing.T) {
	h := start(t)
	device := session.Device{Name: "phone"}
	g, err := h.Issue(t.Context(), session.IssueRequest{
		Tenant: "demo", User: "u", Application: "web", Scope: "a b", Device: &device, Claims: []byte(`{"role":"x"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := h.remains("u")[0]
	if s.Generation != 0 || !s.RotatedAt().IsZero() || *s.Device != device || s.Scope != "a b" || g.Outcome != session.Issued || g.ExpiresIn != 900 {
		t.Errorf("got %+v, %q, %d s, want generation 0 with device and scope, %q, 900 s", s, g.Outcome, g.ExpiresIn, session.Issued)
	}
	if !s.CreatedAt.Equal(s.ID.Time()) || !s.CreatedAt.Equal(h.Now()) ||
		!s.AbsoluteExpiresAt.Equal(s.CreatedAt.Add(180*24*time.Hour)) || !s.IdleExpiresAt.Equal(s.CreatedAt.Add(idle)) {
		t.Errorf("got created %v, idle %v, absolute %v, want now, %v, and 30 and 180 days later", s.CreatedAt, s.IdleExpiresAt, s.AbsoluteExpiresAt, h.Now())
	}
	got, err := h.Identify(t.Context(), g.Refresh.Reveal())
	key := session.Key{Tenant: got.Tenant, User: got.User, Application: got.Application, ID: got.Session}
	if err != nil || key != s.Key || !got.Secret.Hash().Equal(s.SecretHash) {
		t.Errorf("token: got %v, %v, want %v and the secret of its hash", key, err, s.Key)
	}
	if bytes.Equal(got.Secret[:], s.SecretHash[:]) {
		t.Error("got the secret itself stored, want its hash")
	}
}

// Law 2: if the ids are too long for a token of 255 characters, the error names userId and says how many bytes are left.
func TestIssueSaysHowMuchRoomIsLeft(t *testing.T) {
	h := start(t)
	const room = 105 // bytes, beside "demo" and "web"
	for _, c := range []struct {
		tenant, user string
		want         string // "" for success
	}{
		{"demo", strings.Repeat("u", room), ""},
		{"demo", strings.Repeat("u", room+1), "105 bytes are left"},
		{strings.Repeat("t", 128), "u", "0 bytes are left"},
	} {
		_, err := h.Issue(t.Context(), session.IssueRequest{Tenant: c.tenant, User: c.user, Application: "web"})
		var bad *session.InputError
		if c.want == "" {
			if err != nil {
				t.Errorf("%d bytes: got %v, want success", len(c.user), err)
			}
			continue
		}
		if !errors.As(err, &bad) || len(bad.Fields) != 1 || bad.Fields[0].Field != "userId" ||
			!strings.Contains(bad.Fields[0].Message, c.want) || !strings.Contains(bad.Fields[0].Message, "255 characters") {
			t.Errorf("%d bytes: got %+v, want one fault of userId with %q", len(c.user), bad, c.want)
		}
		if strings.Contains(err.Error(), "uuu") {
			t.Errorf("got %v, want no id in it", err)
		}
	}
}

func TestIssueNeedsItsApplication(t *testing.T) {
	h := start(t)
	for _, req := range []session.IssueRequest{
		{Tenant: "demo", User: "u", Application: "none"},
		{Tenant: "none", User: "u", Application: "web"},
		{Tenant: "other", User: "u", Application: "service"},
	} {
		if _, err := h.Issue(t.Context(), req); !errors.Is(err, session.ErrNoApplication) {
			t.Errorf("%+v: got %v, want %v", req, err, session.ErrNoApplication)
		}
	}
}

func TestIssueWithoutRandomnessStoresNothing(t *testing.T) {
	h := start(t)
	h.random = strings.NewReader("too short")
	h.restart()
	_, err := h.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "web"})
	if left := h.remains("u"); err == nil || len(left) != 0 {
		t.Errorf("got %v and %d sessions, want an error and none", err, len(left))
	}
}

// Law 5: maxSessionsPerUser counts live sessions of a user in an application. The least recently refreshed is evicted.
func TestTheLeastRecentlyRefreshedSessionIsEvicted(t *testing.T) {
	for _, page := range []int{0, 1, 2} {
		h := start(t)
		h.store.page = page
		h.application("demo", "few", func(s *session.Settings) { s.MaxSessionsPerUser = 3 })
		others := []session.Grant{h.issue("v", "few"), h.issue("u", "web"), h.issueIn("other", "u", "web")}
		var grants []session.Grant
		for i := range 7 {
			grants = append(grants, h.issue("u", "few"))
			for j, g := range grants {
				if want := j > i-3; h.live(g) != want {
					t.Errorf("pages of %d, after %d: session %d lives: got %v, want %v", page, i+1, j, !want, want)
				}
			}
		}
		for i, g := range others {
			if !h.live(g) {
				t.Errorf("pages of %d, session %d of another user or application: got it ended, want it live", page, i)
			}
		}
		if left := h.remains("u"); len(left) != 4 {
			t.Errorf("pages of %d: got %d stored sessions, want 4", page, len(left))
		}
		h.rotated(grants[4], session.Rotated) // the session in use stays, the unused one is evicted
		h.issue("u", "few")
		if got := [2]bool{h.live(grants[4]), h.live(grants[5])}; got != [2]bool{true, false} {
			t.Errorf("the refreshed and the next live: got %v, want [true false]", got)
		}
	}
}

// Law 5: a login on a container whose clock is behind does not return a session that it has evicted itself.
func TestALoginOnALateClockKeepsItsOwnSession(t *testing.T) {
	h := start(t)
	h.application("demo", "one", func(s *session.Settings) { s.MaxSessionsPerUser = 1 })
	first := h.issue("u", "one")
	h.Pass(-50 * time.Millisecond)
	second := h.issue("u", "one")
	if got := [2]bool{h.live(first), h.live(second)}; got != [2]bool{false, true} {
		t.Errorf("the first and the second live: got %v, want [false true]", got)
	}
}

// Law 5: a session that is refreshed after it was listed is not evicted.
func TestARefreshSavesASessionFromEviction(t *testing.T) {
	h := start(t)
	h.application("demo", "two", func(s *session.Settings) { s.MaxSessionsPerUser = 2 })
	saved, other := h.issue("u", "two"), h.issue("u", "two")
	h.store.beforeDelete = func() {
		h.Pass(time.Minute)
		saved = h.rotated(saved, session.Rotated)
	}
	last := h.issue("u", "two")
	if got := [3]bool{h.live(saved), h.live(other), h.live(last)}; got != [3]bool{true, false, true} {
		t.Errorf("the saved, the other and the last live: got %v, want [true false true]", got)
	}
}

// Law 4, no late first attempts: the answer of the first creation is lost, and its request arrives once more at the
// end. Nobody holds its token, and the deleted session stays deleted.
func TestALateCreationGivesNobodyASession(t *testing.T) {
	h := start(t)
	var late []session.Session
	h.store.create = func(s session.Session) error {
		late = append(late, s)
		if len(late) == 1 {
			return session.ErrUnavailable
		}
		return nil
	}
	g := h.issue("u", "web")
	if len(late) != 2 || late[0].ID == late[1].ID || late[1].ID != g.Session.ID {
		t.Fatalf("got %d creations, want two with different ids, the second one returned", len(late))
	}
	if _, err := h.Delete(t.Context(), anyUser, g.Session.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Store.Create(t.Context(), late[0]); err != nil {
		t.Fatal(err)
	}
	h.refused(g, session.ErrUnknown)
}

func TestDeadSessionsDoNotCountForTheLimit(t *testing.T) {
	h := start(t)
	h.application("demo", "few", func(s *session.Settings) { s.MaxSessionsPerUser, s.RefreshIdleSeconds = 2, 10 })
	kept := h.issue("u", "few")
	h.issue("u", "few") // newer, and expired when the next one comes
	h.Pass(6 * time.Second)
	kept = h.rotated(kept, session.Rotated)
	h.Pass(5 * time.Second)
	h.issue("u", "few")
	if !h.live(kept) {
		t.Error("got the live session evicted beside an expired one, want it live")
	}
}

func TestALimitOfZeroIsNoLimit(t *testing.T) {
	h := start(t)
	h.application("demo", "many", func(s *session.Settings) { s.MaxSessionsPerUser = 0 })
	const many = 150
	for range many {
		h.issue("u", "many")
	}
	if left := h.remains("u"); len(left) != many {
		t.Errorf("got %d sessions, want %d", len(left), many)
	}
}

// Law 5: after concurrent issues exactly as many sessions stay as the limit allows, the newest ones. A login whose
// session was evicted each time gets an error.
func TestConcurrentIssuesKeepTheLimit(t *testing.T) {
	h := start(t)
	const limit = 5
	h.application("demo", "few", func(s *session.Settings) { s.MaxSessionsPerUser = limit })
	var mu sync.Mutex
	var issued []token.ID
	together(64, func(int) {
		h.Pass(time.Millisecond)
		g, err := h.Issue(t.Context(), session.IssueRequest{Tenant: "demo", User: "u", Application: "few"})
		if errors.Is(err, session.ErrUnavailable) {
			return
		}
		if err != nil {
			t.Errorf("issue: got %v, want a session or %v", err, session.ErrUnavailable)
		}
		mu.Lock()
		defer mu.Unlock()
		issued = append(issued, g.Session.ID)
	})
	live, _, err := h.List(t.Context(), session.ListRequest{Tenant: "demo", User: "u", Limit: 100})
	if err != nil || len(live) != limit {
		t.Fatalf("got %d live sessions, %v, want %d", len(live), err, limit)
	}
	newer := 0
	for _, id := range issued {
		if bytes.Compare(id[:], live[limit-1].ID[:]) > 0 {
			newer++
		}
	}
	if newer != limit-1 {
		t.Errorf("got %d sessions newer than the oldest that stayed, want %d", newer, limit-1)
	}
}

// The last second before the absolute end no longer refreshes.
func TestAnAbsoluteLifeOfOneSecondIsNone(t *testing.T) {
	s := session.DefaultSettings()
	for seconds, faults := range map[int64]int{1: 1, session.MinAbsoluteSeconds: 0} {
		s.RefreshAbsoluteSeconds = seconds
		if bad := s.Validate(); len(bad) != faults {
			t.Errorf("%d s: got %v, want %d faults", seconds, bad, faults)
		}
	}
}

func TestSettingsHaveLimits(t *testing.T) {
	if bad := session.DefaultSettings().Validate(); len(bad) != 0 {
		t.Errorf("the defaults: got %v, want no fault", bad)
	}
	if bad := (session.Settings{}).Validate(); len(bad) != 5 { // an overlap of zero and a limit of zero are valid
		t.Errorf("the zero value: got %v, want 5 faults", bad)
	}
	for field, change := range map[string]func(*session.Settings){
		"accessTokenSeconds":     func(s *session.Settings) { s.AccessTokenSeconds = session.MaxAccessSeconds + 1 },
		"refreshIdleSeconds":     func(s *session.Settings) { s.RefreshIdleSeconds = -1 },
		"refreshAbsoluteSeconds": func(s *session.Settings) { s.RefreshAbsoluteSeconds = session.MaxAbsoluteSeconds + 1 },
		"usage":                  func(s *session.Settings) { s.Usage = "onetime" },
		"overlapSeconds":         func(s *session.Settings) { s.OverlapSeconds = 86_401 },
		"dpop":                   func(s *session.Settings) { s.DPoP = "on" },
		"maxSessionsPerUser":     func(s *session.Settings) { s.MaxSessionsPerUser = -1 },
	} {
		s := session.DefaultSettings()
		change(&s)
		if bad := s.Validate(); len(bad) != 1 || bad[0].Field != field || bad[0].Message == "" {
			t.Errorf("got %v, want one fault of %s", bad, field)
		}
	}
}
