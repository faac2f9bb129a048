package schedules

import (
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// limits are logins of a user who has as many sessions as the application allows.
func limits() []scenario {
	limit := func(n int) func(*session.Settings) { return func(s *session.Settings) { s.MaxSessionsPerUser = n } }
	logins := func(limit, before, logins int, behind time.Duration) func(*schedule) func() {
		return func(s *schedule) func() {
			for range before {
				s.chain(0)
			}
			for n := range logins {
				a := s.addClient(string(rune('a'+n)), func(a *client) { _, _ = a.login() })
				a.at = time.Second - time.Duration(n)*behind
			}
			return func() { s.limited(limit, 2*time.Second) }
		}
	}
	return []scenario{
		{name: "two logins at limit 1", settings: limit(1), contended: true, setUp: logins(1, 0, 2, 0)},
		{name: "two logins at limit 1, one clock behind", settings: limit(1), contended: true, wide: true, setUp: logins(1, 1, 2, 50*time.Millisecond)},
		{name: "two logins at limit 2", settings: limit(2), contended: true, setUp: logins(2, 1, 2, 0)},
		{name: "a login, and the session to evict is refreshed", settings: limit(2), contended: true, setUp: func(s *schedule) func() {
			texts, phone := s.chain(0)
			browser, err := s.before(10*time.Second).Issue(s.t.Context(), session.IssueRequest{Tenant: s.tenant, User: user, Application: web})
			if err != nil {
				s.t.Fatal(err)
			}
			a := s.tab("phone", texts[0], 1, time.Minute)
			b := s.addClient("b", func(a *client) { _, _ = a.login() })
			b.at = time.Minute + time.Second
			return func() {
				s.limited(2, 2*time.Minute)
				refreshed := s.of(a)[0].err == nil
				if lives := s.lives(phone.Session.Key, 2*time.Minute); lives != refreshed {
					s.violated("law 5: the phone's session: got live %v, want %v", lives, refreshed)
				}
				if lives := s.lives(browser.Session.Key, 2*time.Minute); lives == refreshed {
					s.violated("law 5: the browser's session: got live %v, want %v", lives, !refreshed)
				}
			}
		}},
	}
}
