package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// session is an issued session as its holder knows it.
type session struct {
	tenant, user, app string
	id                string
	refresh, access   string
	expires           time.Time // of the refresh token
}

// fixture is what a form can hit: sessions 0 and 1 of a user in web, 2 of the same user in service, 3 of another user in
// web; and gone, which was the user's.
type fixture struct {
	sessions []session
	gone     session
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	user := fresh()
	gone := home.issue(t, user, home.demo.web)
	home.do(t, call{"DELETE", "/jwt/refresh/" + gone.id, home.demo.admin(), ""}).want(t, 200)
	return fixture{gone: gone, sessions: []session{
		home.issue(t, user, home.demo.web), home.issue(t, user, home.demo.web), home.issue(t, user, home.serviceApp()),
		home.issue(t, fresh(), home.demo.web),
	}}
}

// fill replaces the placeholders of a row.
func (w fixture) fill(text string) string {
	mine := w.sessions[0]
	return strings.NewReplacer(
		"{user}", mine.user, "{id}", mine.id, "{token}", mine.refresh, "{access}", mine.access,
		"{web}", home.demo.web, "{service}", home.serviceApp(), "{stranger}", w.sessions[3].user,
		"{serviceId}", w.sessions[2].id, "{serviceToken}", w.sessions[2].refresh, "{secondId}", w.sessions[1].id, "{gone}", w.gone.id,
	).Replace(text)
}

func jsonOf(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only the tests' own literals come here
	}
	return string(raw)
}

var users atomic.Int64

// fresh is a user id that no other test uses.
func fresh() string { return fmt.Sprintf("user-%d", users.Add(1)) }

// as is the header of a caller with a credential.
func (n tenant) as(credential string) http.Header {
	return http.Header{"Authorization": {"Bearer " + credential}, "X-Stencil-TenantId": {n.id}}
}

// admin is the header of the tenant's key with all permissions.
func (n tenant) admin() http.Header { return n.as(n.key) }

// owner is the header of a session's user.
func (x session) owner() http.Header { return tenant{id: x.tenant}.as(x.access) }

// body is what most interfaces take a refresh token in.
func (x session) body() string { return jsonOf(map[string]string{"refreshToken": x.refresh}) }

// with adds header lines; pairs are name, value, name, value.
func with(h http.Header, pairs ...string) http.Header {
	if h = h.Clone(); h == nil {
		h = http.Header{}
	}
	for i := 0; i < len(pairs); i += 2 {
		h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
	}
	return h
}

func (s *service) serviceApp() string { return s.creds["SERVICE_APPLICATION_ID"] }

// shortApp is an application of short lives: see expiry_test.go.
func (s *service) shortApp() string { return s.creds["SHORT_APPLICATION_ID"] }

// issue starts a session in tenant demo.
func (s *service) issue(t testing.TB, user, app string) session {
	t.Helper()
	return s.issueWith(t, s.demo, map[string]any{"userId": user, "applicationId": app})
}

// issueIn starts a session in another tenant's application web.
func (s *service) issueIn(t testing.TB, n tenant, user string) session {
	t.Helper()
	return s.issueWith(t, n, map[string]any{"userId": user, "applicationId": n.web})
}

func (s *service) issueWith(t testing.TB, n tenant, request map[string]any) session {
	t.Helper()
	a := s.do(t, call{"POST", "/jwt/issue", n.admin(), jsonOf(request)}).want(t, http.StatusCreated)
	x := session{tenant: n.id, user: fmt.Sprint(request["userId"]), app: fmt.Sprint(request["applicationId"])}
	return x.granted(t, a)
}

// granted is the session as a grant of the guide's interface describes it.
func (x session) granted(t testing.TB, a answer) session {
	t.Helper()
	x.id, x.refresh, x.access = a.data("refreshTokenId"), a.refreshToken(), a.data("accessToken")
	x.expires = timeOf(t, a.data("refreshTokenExpiresAt"))
	return x
}

// present refreshes with a token in the body and nothing else.
func (s *service) present(t testing.TB, refresh string) answer {
	t.Helper()
	return s.do(t, call{"POST", "/jwt/refresh", nil, session{refresh: refresh}.body()})
}

// rotate refreshes a session and returns it as it is then.
func (s *service) rotate(t testing.TB, x session) session {
	t.Helper()
	return x.granted(t, s.present(t, x.refresh).want(t, http.StatusOK))
}

// supersede refreshes a session so often that its token is not within any window (law 4: six generations behind).
func (s *service) supersede(t testing.TB, x session) session {
	t.Helper()
	for range 7 {
		x = s.rotate(t, x)
	}
	return x
}

// resource reads a session by its id.
func (s *service) resource(t testing.TB, x session) answer {
	t.Helper()
	n := s.demo
	if x.tenant == s.other.id {
		n = s.other
	}
	return s.do(t, call{"GET", "/jwt/refresh/" + x.id, n.admin(), ""})
}

// read reads a session by its id as its owner.
func (s *service) read(t testing.TB, x session) answer {
	t.Helper()
	return s.do(t, call{"GET", "/jwt/refresh/" + x.id, x.owner(), ""})
}

// list reads a user's sessions in tenant demo; more is further query.
func (s *service) list(t testing.TB, user, more string) answer {
	t.Helper()
	return s.do(t, call{"GET", "/jwt/refresh?userId=" + url.QueryEscape(user) + more, s.demo.admin(), ""})
}

// wantAlive wants sessions as they were issued: not deleted and not rotated.
func (s *service) wantAlive(t testing.TB, sessions ...session) {
	t.Helper()
	for _, x := range sessions {
		a := s.resource(t, x)
		if data, _ := a.body["data"].(map[string]any); a.status != 200 || data["generation"] != 0.0 {
			t.Errorf("session of %q in %s: got %s, want it as it was issued", x.user, x.app, a)
		}
	}
}

// wantDead wants sessions gone for readers, for their refresh token and for their access token.
func (s *service) wantDead(t testing.TB, sessions ...session) {
	t.Helper()
	for _, x := range sessions {
		s.resource(t, x).check(t, 404)
		s.present(t, x.refresh).check(t, 400)
		s.read(t, x).check(t, 401)
	}
}

func idsOf(sessions []session) []string {
	ids := []string{}
	for _, x := range sessions {
		ids = append(ids, x.id)
	}
	return ids
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// timeOf reads a time of the contract.
func timeOf(t testing.TB, value any) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(value))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
